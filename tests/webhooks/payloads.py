"""Calls as git hosts make them, after what each documents: the fields that matter, among some that do not."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Self
from uuid import uuid4

SECRET = "a-right-long-secret"
SIGNING = f"whsec_{base64.b64encode(b'0123456789abcdef0123456789abcdef').decode()}"
BEFORE, AFTER, NONE = "1" * 40, "2" * 40, "0" * 40
REPOSITORY = "team/shop"

_SECONDS = count(1_790_000_000)
"""GitHub tells when a repository was pushed to, so that no two pushes have the same body."""


@dataclass(frozen=True)
class Call:
    """What is posted."""

    headers: Mapping[str, str]
    payload: Any
    body: bytes = b""
    host: str = "github"
    secret: str = SECRET
    more: Mapping[str, str] = field(default_factory=dict)

    def signed(self) -> Self:
        """The same with a body, and whatever its host proves it by."""
        body = self.body or json.dumps(self.payload).encode()
        key = self.secret.encode()
        proof = {
            "github": {"X-Hub-Signature-256": f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}"},
            "gitea": {"X-Gitea-Signature": hmac.new(key, body, hashlib.sha256).hexdigest()},
            "gitlab": {"X-Gitlab-Token": self.secret},
        }[self.host]
        return replace(self, body=body, headers={**self.headers, **proof, **self.more})

    def but(self, **headers: str) -> Self:
        """The same with other headers, written with _ for -."""
        return replace(self, more={**self.more, **{k.replace("_", "-"): v for k, v in headers.items()}})


def github(ref: str = "refs/heads/main", after: str = AFTER, *, event: str = "push", **fields: Any) -> Call:
    """A push, or another event with its payload."""
    payload: dict[str, Any] = {
        "ref": ref,
        "before": BEFORE,
        "after": after,
        "created": False,
        "deleted": after == NONE,
        "forced": False,
        "commits": [{"id": after, "message": "Fix cart rounding", "author": {"name": "Lee"}}],
        "repository": {"id": 7, "name": "shop", "full_name": REPOSITORY, "pushed_at": next(_SECONDS)},
        "pusher": {"name": "octo-lee", "email": "lee@example.org"},
        "sender": {"login": "octo-lee", "id": 9},
    }
    headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": str(uuid4()), "Content-Type": "application/json"}
    return Call(headers, {**payload, **fields})


def gitea(ref: str = "refs/heads/main", after: str = AFTER, *, event: str = "push", **fields: Any) -> Call:
    """The same of Gitea or Forgejo."""
    payload: dict[str, Any] = {
        "ref": ref,
        "before": BEFORE,
        "after": after,
        "compare_url": "https://git.example.org/team/shop/compare",
        "commits": [{"id": after, "message": "Fix cart rounding"}],
        "total_commits": 1,
        "repository": {"id": 7, "name": "shop", "full_name": REPOSITORY},
        "pusher": {"id": 3, "login": "lee", "username": "lee", "full_name": "Lee"},
    }
    headers = {"X-Gitea-Event": event, "X-Gitea-Delivery": str(uuid4()), "Content-Type": "application/json"}
    return Call(headers, {**payload, **fields}, host="gitea")


def gitlab(
    ref: str = "refs/heads/main", after: str = AFTER, *, event: str = "Push Hook", **fields: Any
) -> Call:
    """The same of GitLab, whose tags come as `Tag Push Hook`."""
    payload: dict[str, Any] = {
        "object_kind": "tag_push" if event == "Tag Push Hook" else "push",
        "ref": ref,
        "before": BEFORE,
        "after": after,
        "checkout_sha": None if after == NONE else after,
        "user_username": "lee",
        "user_name": "Lee",
        "project": {"id": 7, "name": "shop", "path_with_namespace": REPOSITORY},
        "commits": [],
        "total_commits_count": 0,
    }
    headers = {"X-Gitlab-Event": event, "Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    return Call(headers, {**payload, **fields}, host="gitlab")


def with_time(call: Call, at: float, *, delivery: str = "msg_1", secret: str = SIGNING) -> Call:
    """GitLab's signature with a signing token, made at that time."""
    body = json.dumps(call.payload).encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.new(key, f"{delivery}.{int(at)}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": delivery,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
    return replace(call, body=body, headers={**call.headers, **headers})


CALLS = {"github": github, "gitea": gitea, "gitlab": gitlab}
