"""What was pushed, whichever host told of it, and how its fields are read out of what others wrote."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_REF = 200
"""Characters of a branch's or tag's name: git hosts allow some 250, and nobody types so many."""
LONGEST_NAME = 40

_BRANCH = "refs/heads/"
_TAG = "refs/tags/"


class PushUnreadable(ValueError):
    """The host signed something that is no push as it documents one."""


@dataclass(frozen=True)
class Push:
    """One branch or tag that was moved, made or deleted."""

    repository: str
    """Its full name, such as `team/shop`."""
    ref: str
    """`refs/heads/…` or `refs/tags/…`; hosts tell of others too."""
    after: str
    """The commit that it names now; zeros where it names none any more."""
    by: str
    """The account that pushed, as the host says."""

    @property
    def is_deleted(self) -> bool:
        """Whether the branch or tag is gone."""
        return not self.after.strip("0")

    @property
    def branch(self) -> str | None:
        """The branch's name; None where it is none."""
        return self.ref.removeprefix(_BRANCH) if self.ref.startswith(_BRANCH) else None

    @property
    def tag(self) -> str | None:
        """The tag's name; None where it is none."""
        return self.ref.removeprefix(_TAG) if self.ref.startswith(_TAG) else None

    @property
    def name(self) -> str:
        """The name as people say it."""
        return self.branch or self.tag or self.ref


def push_of(repository: Any, ref: Any, after: Any, by: Any) -> Push:
    """A push of fields that were read as JSON. Raises: PushUnreadable."""
    if not isinstance(repository, str) or not repository:
        raise PushUnreadable("it names no repository")
    if not isinstance(ref, str) or not 0 < len(ref) <= LONGEST_REF or not ref.isprintable():
        raise PushUnreadable("it names no branch or tag that could be built")
    if not isinstance(after, str) or not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", after):
        raise PushUnreadable("it names no commit")
    return Push(repository, ref, after, _account(by))


def field(payload: Mapping[str, Any], name: str, key: str) -> Any:
    """`payload[name][key]`, None where there is none."""
    inner = payload.get(name)
    return inner.get(key) if isinstance(inner, dict) else None


def _account(name: Any) -> str:
    """An account's name with nothing in it that could pass for words of ours."""
    plain = re.sub(r"[^\w.@-]", "", name) if isinstance(name, str) else ""
    return plain[:LONGEST_NAME] or "somebody"
