"""Which tag an image gets that is made from a commit. Pure.

A tag that a registry allows (OCI distribution specification, "Pulling manifests") has letters, digits, `_`, `.` and
`-`, 128 at most, and begins with none of `.` and `-`: what a branch has beside that is replaced.
"""

from __future__ import annotations

import re

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.images.errors import ReferenceInvalid
from bot.images.references import is_tag

LONGEST = 128
_TEMPLATES = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.-]+")


def allowed(text: str) -> str:
    """`text` with what no registry takes in a tag replaced by `-`."""
    return _NOT_ALLOWED.sub("-", text).lstrip(".-")[:LONGEST]


def tag_of(rule: str, ref: str, sha: str, *, is_version: bool) -> str:
    """The tag for the commit `sha` that was asked for as `ref`; a tag of git's keeps its name (`is_version`).

    `rule` is Jinja2 and knows `branch` and `sha`. Raises: ReferenceInvalid when it makes no tag.
    """
    if is_version:
        return allowed(ref)
    branch = "commit" if sha.startswith(ref) else ref
    try:
        made = allowed(_TEMPLATES.from_string(rule).render(branch=branch, sha=sha))
    except Exception as error:  # whatever an expression in it raises
        raise ReferenceInvalid(f"build.tag “{rule}” can't be filled in: {error}") from error
    if not is_tag(made):
        raise ReferenceInvalid(f"build.tag “{rule}” makes no tag of {ref}.")
    return made
