"""Questions about rights and identity: kinds that are posted and answered, and never kept."""

import base64
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.sandbox.kubernetes.authorization import (
    SERVICE_ACCOUNT,
    Attributes,
    Gate,
    Identity,
    rules,
    why_allowed,
)
from bot.sandbox.kubernetes.errors import method_not_allowed
from bot.sandbox.kubernetes.metadata import timestamp
from bot.sandbox.kubernetes.storage import Storage

Object = dict[str, Any]


def answer(storage: Storage, kind: str, who: Identity, namespace: str, body: Object) -> Object:
    """The review with its status.

    Raises: ApiError 405 for a kind that nothing answers here.
    """
    spec = body.get("spec") or {}
    match kind:
        case "SelfSubjectAccessReview":
            status = _access(storage, who, spec)
        case "SubjectAccessReview" | "LocalSubjectAccessReview":
            other = Identity(spec.get("user", ""), tuple(spec.get("groups") or ()))
            status = _access(storage, other, spec, namespace)
        case "SelfSubjectRulesReview":
            status = _rules(storage, who, spec.get("namespace", ""))
        case "SelfSubjectReview":
            status = {"userInfo": {"username": who.user, "groups": list(who.groups)}}
        case "TokenReview":
            status = {"authenticated": True, "user": {"username": who.user, "groups": list(who.groups)}}
        case _:
            raise method_not_allowed()
    metadata = {**(body.get("metadata") or {})}
    return {**body, "metadata": metadata, "status": status}


def _access(storage: Storage, who: Identity, spec: Object, namespace: str = "") -> Object:
    path, asked = spec.get("nonResourceAttributes"), spec.get("resourceAttributes") or {}
    if path:
        what = Attributes(path.get("verb", ""), path=path.get("path", "/"))
    else:
        what = Attributes(
            asked.get("verb", ""),
            asked.get("group", ""),
            asked.get("resource", ""),
            asked.get("subresource", ""),
            asked.get("namespace", "") or namespace,
            asked.get("name", ""),
        )
    why = why_allowed(storage, who, what)
    if why is None:
        return {"allowed": False}
    return {"allowed": True, "reason": why} if why else {"allowed": True}


def _rules(storage: Storage, who: Identity, namespace: str) -> Object:
    found = list(rules(storage, who, namespace))
    fields = ("verbs", "apiGroups", "resources", "resourceNames")
    resource = [
        {name: rule[name] for name in fields if rule.get(name)} for rule in found if rule.get("resources")
    ]
    paths = [
        {"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]}
        for rule in found
        if rule.get("nonResourceURLs")
    ]
    return {"resourceRules": resource, "nonResourceRules": paths, "incomplete": False}


def token(gate: Gate, clock: Clock, namespace: str, name: str, body: Object) -> Object:
    """TokenRequest: a bearer token that makes its bearer that ServiceAccount, for as long as the server runs."""
    spec = body.get("spec") or {}
    lifetime = timedelta(seconds=spec.get("expirationSeconds") or 3600)
    user = f"{SERVICE_ACCOUNT}{namespace}:{name}"
    issued = _issued(user, clock.now(), lifetime)
    gate.accounts[issued] = Identity(user)
    status = {"token": issued, "expirationTimestamp": timestamp(clock.now() + lifetime)}
    kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
    return {**kind, "metadata": body.get("metadata") or {}, "spec": spec, "status": status}


def _issued(user: str, now: datetime, lifetime: timedelta) -> str:
    """A token in the form of a JWT. Nobody checks its signature, which is random: it is known by the whole."""
    told = {"sub": user, "iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp())}
    parts = (
        json.dumps({"alg": "RS256", "kid": ""}).encode(),
        json.dumps(told).encode(),
        secrets.token_bytes(32),
    )
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
