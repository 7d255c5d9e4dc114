"""The Bot API's methods, a module per family. Importing this package fills `METHODS`."""

from bot.sandbox.telegram.methods import (
    albums,
    copying,
    editing,
    ephemeral,
    files,
    members,
    menus,
    places,
    presses,
    receiving,
    sending,
    topics,
)
from bot.sandbox.telegram.methods.calls import METHODS, Call, Described

__all__ = [
    "METHODS",
    "Call",
    "Described",
    "albums",
    "copying",
    "editing",
    "ephemeral",
    "files",
    "members",
    "menus",
    "places",
    "presses",
    "receiving",
    "sending",
    "topics",
]
