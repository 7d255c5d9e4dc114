"""A Dockerfile for an app that has none, by what its source looks like."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "dockerfiles"

_ENVIRONMENT = Environment(  # noqa: S701 - a Dockerfile is no HTML
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class Stack:
    """A common kind of source: the files that show it, and those that pin what it depends on."""

    name: str
    title: str
    signs: tuple[str, ...]
    locks: tuple[str, ...] = ()


STACKS = (
    Stack("go", "Go", ("go.mod",)),
    Stack("node", "Node.js", ("package.json",), ("package-lock.json", "npm-shrinkwrap.json")),
    Stack("python", "Python", ("pyproject.toml", "requirements.txt", "setup.py"), ("requirements.txt",)),
    Stack("static", "static files", ("index.html",)),
)
"""The first whose sign is there counts: a Go service may have a page of its own."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A Dockerfile, and what it is for."""

    title: str
    text: str


async def propose(app: str, has: Callable[[str], Awaitable[bool]]) -> Proposal | None:
    """A Dockerfile for `app`; `has` says whether its folder has a file. None where nobody can tell what it is."""
    for stack in STACKS:
        if any([await has(sign) for sign in stack.signs]):
            locks = [lock for lock in stack.locks if await has(lock)]
            text = _ENVIRONMENT.get_template(f"{stack.name}.j2").render(app=app, lock=(locks or [""])[0])
            return Proposal(stack.title, text)
    return None
