"""The `@command` and `@button` decorators: a function's signature is the command.

The decorator reads the parameters' types and registers the function in a plain dict; nothing else has to be edited
to add one. A command or button without a declared permission can't be registered.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

from bot.config.rights import PERMISSIONS, Permission

Handler = Callable[..., Awaitable[None]]

Group = Literal["Look", "Deploy", "Build", "Operate", "Alerts", "Rights"]

KNOWN: Literal["known"] = "known"
"""Declared instead of a permission: whoever the bot knows may use it; it shows only what concerns them."""


@dataclass(frozen=True)
class Parameter:
    """One argument: its name, the type that decides how a word is read, and whether it may be missing."""

    name: str
    type: Any
    required: bool


@dataclass(frozen=True)
class Declared:
    """A command or a button: what runs, what it takes and what it needs."""

    name: str
    handler: Handler
    permission: Permission | Literal["known"]
    parameters: tuple[Parameter, ...]
    summary: str
    group: Group = "Look"
    example: str = ""

    def takes(self, kind: Any) -> Parameter | None:
        """The parameter of that type, if there is one."""
        return next((parameter for parameter in self.parameters if parameter.type is kind), None)


COMMANDS: dict[str, Declared] = {}
BUTTONS: dict[str, Declared] = {}


def command(
    name: str, *, permission: Permission | Literal["known"], example: str, group: Group = "Look"
) -> Callable[[Handler], Handler]:
    """Register an `async def handler(ask, ...)` as `/name`; its docstring's first line is its help."""

    def register(handler: Handler) -> Handler:
        _add(COMMANDS, _declared(name, handler, permission, group=group, example=example))
        return handler

    return register


def button(name: str, *, permission: Permission | Literal["known"]) -> Callable[[Handler], Handler]:
    """Register a handler for a button."""

    def register(handler: Handler) -> Handler:
        _add(BUTTONS, _declared(name, handler, permission))
        return handler

    return register


def _add(registry: dict[str, Declared], declared: Declared) -> None:
    if declared.name in registry:
        raise ValueError(f"{declared.name!r} is declared twice")
    registry[declared.name] = declared


def _declared(name: str, handler: Handler, permission: Any, **more: Any) -> Declared:
    if permission != KNOWN and permission not in PERMISSIONS:
        raise ValueError(f"{name!r} needs a permission that exists, not {permission!r}")
    hints = get_type_hints(handler)
    parameters = tuple(
        Parameter(each.name, _without_none(hints[each.name]), each.default is inspect.Parameter.empty)
        for each in list(inspect.signature(handler).parameters.values())[1:]
    )
    summary = (inspect.getdoc(handler) or "").partition("\n")[0].rstrip(".")
    return Declared(name, handler, permission, parameters, summary, **more)


def _without_none(hint: Any) -> Any:
    options = [option for option in get_args(hint) if option is not type(None)]
    return options[0] if type(None) in get_args(hint) and len(options) == 1 else hint
