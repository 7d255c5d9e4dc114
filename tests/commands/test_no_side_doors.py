"""Every command and button that the bot has says what it needs (security.md, row 6)."""

import importlib
import pkgutil

import handlers
from bot.commands.declaring import BUTTONS, COMMANDS, KNOWN
from bot.config.rights import PERMISSIONS


def test_every_command_and_button_of_the_bot_declares_what_it_needs() -> None:
    for module in pkgutil.iter_modules(handlers.__path__):
        importlib.import_module(f"handlers.{module.name}")
    assert {"deploy", "rollback", "status", "help"} <= COMMANDS.keys()
    for each in (*COMMANDS.values(), *BUTTONS.values()):
        assert each.permission == KNOWN or each.permission in PERMISSIONS, each.name


def test_every_command_has_a_summary_and_an_example_of_itself() -> None:
    for module in pkgutil.iter_modules(handlers.__path__):
        importlib.import_module(f"handlers.{module.name}")
    for each in COMMANDS.values():
        assert each.summary, each.name
        assert each.example.split()[0] == f"/{each.name}"
