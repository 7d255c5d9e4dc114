"""What keeps the keys: the modules whose every branch is walked and whose every change must be noticed.

Beside each, the tests that notice: those alone run on its mutants, so that one costs about a second. `()` is a
module whose tests need a world with a bot: its branches are counted, and it is not mutated.
"""

from collections.abc import Mapping, Sequence
from typing import Final

PERMISSIONS: Final[Mapping[str, Sequence[str]]] = {"bot/permissions.py": ("tests/permissions",)}

BUTTONS: Final[Mapping[str, Sequence[str]]] = {
    "bot/commands/choices.py": (
        "tests/commands/test_buttons_fit_a_phone.py",
        "tests/planning/test_a_plan_has_the_buttons_it_needs.py",
    ),
    "bot/commands/confirming.py": (),
    "bot/commands/plan_buttons.py": ("tests/planning/test_a_plan_has_the_buttons_it_needs.py",),
    "bot/commands/tapping.py": ("tests/planning/test_a_second_tap_means_nothing.py",),
    "bot/telegram/buttons.py": ("tests/telegram/test_buttons.py",),
}

LOCKS: Final[Mapping[str, Sequence[str]]] = {
    "bot/operations/desk.py": (),
    "bot/operations/engine.py": (),
    "bot/operations/holds.py": ("tests/operations/test_holds.py",),
    "bot/operations/lease.py": ("tests/operations/test_lease.py",),
    "bot/operations/turn.py": (),
    "bot/store/holds.py": ("tests/operations/test_holds.py",),
}

PLANNING: Final[Mapping[str, Sequence[str]]] = {}

MODULES: Final = {**PERMISSIONS, **BUTTONS, **LOCKS, **PLANNING}
