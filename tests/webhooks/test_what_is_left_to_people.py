"""A push starts no deploy in which a person would have something to decide."""

from dataclasses import replace
from typing import Any

import pytest

from bot.commands.starting import asks_a_person
from bot.planning.drift import Drift
from bot.planning.foreign import Foreign
from bot.planning.losing import Loss
from bot.planning.trial import Contest, Refusal, Trial
from tests.texts.plans import PLAN

OPEN = replace(PLAN, shouts=False, unchanged=False, losses=(), foreign=None, drift=(), trial=Trial())
BY_HAND = Drift("Deployment shop", "spec.replicas", "shop: replicas 3 → 5", "kim", None, changes=True)
CONTEST = Contest("Deployment shop", ".spec.replicas", "kim")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unchanged": True}, "runs it already"),
        ({"shouts": True}, "are confirmed by people"),
        (
            {"losses": (Loss("PersistentVolumeClaim", "data", "", True),)},
            "PersistentVolumeClaim data for good",
        ),
        ({"trial": Trial(contests=(CONTEST,))}, "has something against it"),
        ({"trial": Trial(contests=(CONTEST,)), "taken": (CONTEST.id,)}, "has something against it"),
        ({"trial": Trial(refusals=(Refusal("Deployment shop", "no"),))}, "has something against it"),
        ({"foreign": Foreign(6, "helm", 60.0)}, "was put there by others"),
        ({"drift": (BY_HAND,)}, "was changed by hand"),
    ],
)
def test_it_is_left_to_people_with_the_reason(changes: dict[str, Any], words: str) -> None:
    assert words in asks_a_person(replace(OPEN, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"drift": (replace(BY_HAND, autoscaled=True),)},
        {"drift": (replace(BY_HAND, changes=False),)},
        {"trial": Trial(refusals=(Refusal("Deployment shop", "no", heals=True),))},
        {"unhealthy": "it crashes"},
    ],
)
def test_what_nobody_would_be_asked_about_goes_on(changes: dict[str, Any]) -> None:
    assert asks_a_person(replace(OPEN, **changes)) == ""
