"""How repositories, tags and digests may be written (OCI distribution spec v1.1). Pure."""

from __future__ import annotations

import re
from typing import Final

from bot.sandbox.registry.errors import Refused

DIGEST: Final = r"^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$"
"""The two algorithms that the image specification registers."""

_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY: Final = re.compile(rf"{_PART}(?:/{_PART})*")
_LONGEST: Final = 255
_TAG: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_DIGEST: Final = re.compile(DIGEST)


def repository(name: str) -> str:
    """`name`, where a repository may be called so. Raises: Refused."""
    if len(name) > _LONGEST or not _REPOSITORY.fullmatch(name):
        raise Refused(400, "NAME_INVALID", "invalid repository name")
    return name


def digest(text: str) -> str:
    """`text`, where it is a digest of a known algorithm. Raises: Refused."""
    if not _DIGEST.fullmatch(text):
        raise Refused(400, "DIGEST_INVALID", "not a sha256 or sha512 digest")
    return text


def is_tag(reference: str) -> bool:
    """Whether it is a tag, and not a digest or a mistake. Raises: Refused for a mistake."""
    if ":" not in reference:
        if not _TAG.fullmatch(reference):
            raise Refused(400, "MANIFEST_INVALID", "invalid tag")
        return True
    digest(reference)
    return False
