"""No side door: a command or button without a permission cannot exist (security.md, row 6)."""

from typing import Any

import pytest

import handlers
from bot.commands.ask import Ask
from bot.commands.declaring import BUTTONS, COMMANDS, KNOWN, Declared, button, command
from bot.config import PERMISSIONS

handlers.load()

FOR_WHOEVER_IS_KNOWN = {"start", "help", "whoami", "run", "plan.again", "plan.close", "lock.ask", "lock.take"}
"""What needs no right of its own: it shows what concerns the person, or leads to what has one."""

DECLARED = [*COMMANDS.values(), *BUTTONS.values()]


async def nothing(ask: Ask) -> None:
    """Do nothing."""


@pytest.mark.parametrize("declared", DECLARED, ids=lambda declared: declared.name)
def test_it_names_a_permission_that_exists(declared: Declared) -> None:
    if declared.permission == KNOWN:
        assert declared.name in FOR_WHOEVER_IS_KNOWN
    else:
        assert declared.permission in PERMISSIONS


@pytest.mark.parametrize("declared", COMMANDS.values(), ids=lambda declared: declared.name)
def test_a_command_explains_itself(declared: Declared) -> None:
    assert declared.summary
    assert declared.example.split()[0] == f"/{declared.name}"


@pytest.mark.parametrize("permission", ["", "deploy", "deploy.everything", None])
@pytest.mark.parametrize("register", [command, button])
def test_one_with_a_permission_that_does_not_exist_cannot_be_registered(
    register: Any, permission: str | None
) -> None:
    more = {"example": "/sidedoor"} if register is command else {}
    with pytest.raises(ValueError, match="needs a permission"):
        register("sidedoor", permission=permission, **more)(nothing)
    assert "sidedoor" not in COMMANDS
    assert "sidedoor" not in BUTTONS


@pytest.mark.parametrize("register", [command, button])
def test_one_that_declares_none_cannot_be_registered(register: Any) -> None:
    with pytest.raises(TypeError, match="permission"):
        register("sidedoor")


def test_a_name_is_declared_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        command("deploy", permission="deploy.run", example="/deploy")(nothing)
