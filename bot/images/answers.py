"""What a registry's answers say: JSON documents, and refusals turned into our errors.

Everything is foreign: of any shape, size and depth until it has been looked at here.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from bot.images.errors import RegistryRefused, RegistryUnreachable, RepositoryMissing
from bot.images.references import Repository
from bot.images.transport import Answer
from bot.images.wording import one_line


def document(answer: Answer) -> dict[str, Any]:
    """The JSON object in an answer. Raises: RegistryRefused when there is none."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RegistryRefused(
            f"{answer.url.host} does not answer as a registry does (no JSON object): check its address."
        )
    return found


def verified(answer: Answer, digest: str) -> Answer:
    """The answer, whose body has that digest. Raises: RegistryRefused when it has not."""
    if digest_of(answer) != digest:
        raise RegistryRefused(f"{answer.url.host} sent other content than {digest[:19]}… names.")
    return answer


def digest_of(answer: Answer) -> str:
    return "sha256:" + hashlib.sha256(answer.body).hexdigest()


def codes(answer: Answer) -> dict[str, str]:
    """The distribution specification's error codes in an answer, each with the registry's words."""
    try:
        errors = document(answer).get("errors")
    except RegistryRefused:
        return {}
    return {
        str(error["code"]): one_line(str(error.get("message") or ""))
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict) and "code" in error
    }


def judge(answer: Answer, repository: Repository, *, good: int = 200, act: str = "read") -> Answer:
    """Let a good one through. Raises: what its status means otherwise, `act` being what it keeps us from."""
    if answer.status == good:
        return answer
    said = next((words for words in codes(answer).values() if words), "")
    words = f" (“{said}”)" if said else ""
    if answer.status in {401, 403}:
        raise RegistryRefused(
            f"The registry {repository.host} does not let us {act} {repository.name}{words}: "
            "check the name, and the username and password under `registries`."
        )
    if answer.status == 404:
        raise RepositoryMissing(f"The registry {repository.host} has no repository {repository.name}{words}.")
    if answer.status >= 500:
        raise RegistryUnreachable(f"The registry {repository.host} is in trouble ({answer.status}){words}.")
    raise RegistryRefused(f"The registry {repository.host} refused with status {answer.status}{words}.")
