"""What is deployed beside what would be: compared, with drift and losses, and nothing secret of either side shown."""

from base64 import b64encode
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.config import Target
from bot.helm.releases import ReleaseRecord, Revision
from bot.masking import HIDDEN, Masker
from bot.planning.live import Live
from bot.planning.manifests import Manifest
from bot.planning.releases import Past
from bot.planning.rendering import Rendering
from bot.planning.weighing import NOTHING, Weighed, weighed
from tests.planning.objects import deployment, objects
from tests.planning.test_what_is_known_of_a_release import target as configured

NOW = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
REVISION = Revision(1, "deployed", NOW, "shop", "1.4.0", "v1.1")
PASSWORD = "hunter22-hunter22"

CLAIM = """
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
"""


def config(key: str, value: str, kind: str = "ConfigMap") -> str:
    field = "stringData" if kind == "Secret" else "data"
    return f"\n---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: {kind.lower()}}}\n{field}: {{{key}: {value}}}\n"


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return configured(tmp_path, "release: shop")


def live(made: Sequence[Manifest], there: Sequence[Manifest] = (), **values: Any) -> Live:
    """A release that has these objects by its manifest, and those in the cluster."""
    record = ReleaseRecord(REVISION, "", (), values, "", None)
    found = {each.key: each.object for each in there}
    return Live(Past([REVISION], {}), REVISION, record, made, (), found=found)


async def weigh(target: Target, now: Live, then: Sequence[Manifest], **more: Any) -> Weighed:
    wanted = Rendering(then, (), more.pop("again", then))
    return await weighed(target, now, wanted, Masker(), more.pop("secret", frozenset()), **more)


async def test_what_differs_what_goes_and_what_is_lost_is_told(target: Target) -> None:
    before, after = objects(deployment() + CLAIM), objects(deployment(replicas=3))
    found = await weigh(target, live(before), after)
    assert [line.text for line in found.comparison.lines] == [
        "shop: replicas 2 → 3",
        "PersistentVolumeClaim data and its data go away",
    ]
    assert [(each.kind, each.name) for each in found.removes] == [("PersistentVolumeClaim", "data")]
    assert [each.name for each in found.losses] == ["data"]
    assert found.drift == ()


async def test_nothing_at_all_is_what_an_uninstall_leaves(target: Target) -> None:
    found = await weighed(target, live(objects(deployment())), NOTHING, Masker(), frozenset())
    assert [each.name for each in found.removes] == ["shop"]


async def test_hooks_are_told_and_random_values_marked(target: Target) -> None:
    (hook,) = objects(
        """
        apiVersion: batch/v1
        kind: Job
        metadata: {name: migrate, annotations: {helm.sh/hook: pre-upgrade}}
        """
    )
    now, then, again = (objects(config("token", word)) for word in ("one", "two", "three"))
    found = await weigh(target, live(now), then, again=again, hooks=[hook])
    assert "Job migrate runs first" in [line.text for line in found.comparison.lines]
    assert found.comparison.notes == ("ConfigMap configmap: data.token random at every render",)


async def test_what_a_secret_of_either_side_holds_is_shown_nowhere(target: Target) -> None:
    before = objects(config("password", PASSWORD, "Secret") + config("line", "open"))
    after = objects(config("line", PASSWORD))
    for now, then in ((before, after), (after, before)):
        found = await weigh(target, live(now), then)
        assert PASSWORD not in found.comparison.diff
        assert HIDDEN in found.comparison.diff
        assert "open" in found.comparison.diff


async def test_secret_values_are_hidden_wherever_they_stand_alone(target: Target) -> None:
    before, after = objects(config("line", "first")), objects(config("line", "other"))
    secret = frozenset({("db", "password")})
    now = live(before, db={"password": "first"})
    then = Rendering(after, (), after)
    found = await weighed(target, now, then, Masker(), secret, {"db": {"password": "other"}})
    assert [line.text for line in found.comparison.lines] == ["ConfigMap configmap: 1 key"]
    assert (found.comparison.diff, found.comparison.added) == ("", 0)


def changed(made: Manifest, **fields: Any) -> Manifest:
    """The object as somebody left it."""
    item = deepcopy({key: value for key, value in made.object.items() if key != "stringData"})
    return Manifest(made.key, item | {"metadata": {**item["metadata"], "managedFields": []}} | fields)


@pytest.mark.parametrize(("disclose", "told"), [("full", "replicas 2 → 5"), ("summary", "replicas changed")])
async def test_what_was_changed_by_hand_is_told_as_far_as_the_environment_discloses(
    target: Target, disclose: str, told: str
) -> None:
    environment = target.environment.model_copy(update={"disclose": disclose})
    made = objects(deployment(replicas=2))
    there = changed(made[0], spec={**made[0].object["spec"], "replicas": 5})
    found = await weigh(replace(target, environment=environment), live(made, [there]), made)
    assert [each.what for each in found.drift] == [f"shop: {told}"]


async def test_what_somebody_put_into_a_secret_is_not_told_of_another_object(target: Target) -> None:
    made = objects(config("password", "x", "Secret") + deployment())
    spec = {**made[1].object["spec"], "minReadySeconds": PASSWORD}
    made[1] = Manifest(made[1].key, {**made[1].object, "spec": {**spec, "minReadySeconds": 5}})
    password = {"password": b64encode(PASSWORD.encode()).decode()}
    found = await weigh(
        target, live(made, [changed(made[0], data=password), changed(made[1], spec=spec)]), made
    )
    assert [each.what for each in found.drift] == [
        "Secret secret: key password changed",
        f"shop: minReadySeconds 5 → {HIDDEN}",
    ]
