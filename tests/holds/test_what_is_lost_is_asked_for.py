"""What a change removes for good takes a second tap that names it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.store.tables import AuditRow
from tests.worlds import World, open_bot_world

CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: %s, annotations: {%s}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
DATABASE = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: database}
spec:
  serviceName: database
  selector: {matchLabels: {app: database}}
  template:
    metadata: {labels: {app: database}}
    spec: {containers: [{name: database, image: "registry/database:v1"}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %(plural)s.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: %(plural)s, singular: %(singular)s, kind: %(kind)s}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
"""
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {colour: %s}\n"

FULL = {
    "templates/settings.yaml": SETTINGS % "red",
    "templates/claim.yaml": CLAIM % ("cart-data", ""),
    "templates/kept.yaml": CLAIM % ("cart-kept", "helm.sh/resource-policy: keep"),
    "templates/database.yaml": DATABASE,
    "templates/definition.yaml": DEFINITION % {"plural": "backups", "singular": "backup", "kind": "Backup"},
    "crds/other.yaml": DEFINITION % {"plural": "carts", "singular": "cart", "kind": "Cart"},
}
EMPTY = {"templates/settings.yaml": SETTINGS % "blue"}


def write(folder: Path, version: str, files: dict[str, str]) -> None:
    """Put this version of the chart in the place of the one before."""
    for old in (*folder.glob("templates/*"), *folder.glob("crds/*")):
        old.unlink()
    for path, content in {"Chart.yaml": f"apiVersion: v2\nname: cart\nversion: {version}\n", **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    write(tmp_path / "cart", "1.0.0", FULL)
    extra = f"apps:\n  cart: {{chart: {tmp_path / 'cart'}, environments: [staging]}}\n"
    async with open_bot_world(tmp_path, extra) as world:
        world.sandbox.servers.behaviours.order("registry/database:v1", "ok")
        yield world


def there(world: World) -> set[str]:
    """What is left of all that holds data."""
    storage = world.cluster.storage
    found = [
        *storage.list("", "persistentvolumeclaims", "cart-staging"),
        *storage.list("apps", "statefulsets", "cart-staging"),
        *storage.scan("apiextensions.k8s.io", "customresourcedefinitions"),
    ]
    return {each["metadata"]["name"] for each in found}


async def test_removing_disks_takes_a_second_tap_that_names_them(world: World, tmp_path: Path) -> None:
    world.dana.says("/deploy cart staging")
    await world.sees(r"Plan: cart → staging 1\.0\.0")
    await world.dana.presses("Deploy to staging")
    await world.sees(r"✅ cart → staging 1\.0\.0")
    everything = {"cart-data", "cart-kept", "data-database-0", "database", "backups.example.org"}
    assert there(world) == everything | {"carts.example.org"}
    await is_asked_for_what_an_upgrade_removes(world, tmp_path)
    assert there(world) == everything | {"carts.example.org"}
    await goes_back_and_removes(world)
    assert there(world) == {"cart-kept", "cart-more", "data-database-0", "carts.example.org"}
    await is_asked_for_a_rollback_and_an_uninstall(world)
    assert there(world) == {"cart-kept", "data-database-0", "carts.example.org"}
    async with world.parts.database.read() as session:
        rows = list(await session.scalars(select(AuditRow).where(AuditRow.action == "data.remove")))
        assert [row.detail for row in rows][-1] == "PersistentVolumeClaim cart-more"
        assert len(rows) == 2


async def is_asked_for_what_an_upgrade_removes(world: World, tmp_path: Path) -> None:
    """A second tap too early, and one after the chart changed, remove nothing."""
    write(tmp_path / "cart", "2.0.0", EMPTY)
    world.dana.says("/deploy cart staging")
    await world.sees(r"Plan: cart → staging 2\.0\.0")
    await world.dana.presses("Deploy to staging")
    question = await world.sees("⚠️ cart → staging removes:", buttons=["‹ Back", "Remove "])
    for lost in (
        "PersistentVolumeClaim cart-data and its data go away",
        "StatefulSet database and its pods go away; its disks stay",
        "CustomResourceDefinition backups.example.org goes away, and every Backup in the cluster with it",
        "No rollback brings data back",
    ):
        assert lost in question.text
    assert "cart-kept" not in question.text
    assert "carts.example.org" not in question.text
    assert "Read it first" in await world.dana.presses("Remove ")  # the second tap of a double tap

    write(tmp_path / "cart", "2.0.0", {**EMPTY, "templates/more.yaml": CLAIM % ("cart-more", "")})
    world.clock.move(seconds=3)
    await world.dana.presses("Remove ")  # the digest is compared again
    await world.sees("Since you looked: the chart changed.*\n📋 Plan: cart → staging", buttons=["Deploy to"])


async def goes_back_and_removes(world: World) -> None:
    """Back from the question, and then through it."""
    await world.dana.presses("Deploy to staging")
    await world.sees("⚠️ cart → staging removes:")
    await world.dana.presses("‹ Back")
    await world.sees("📋 Plan: cart → staging", buttons=["Deploy to"])
    await world.dana.presses("Deploy to staging")
    await world.sees("⚠️ cart → staging removes:")
    world.clock.move(seconds=3)
    await world.dana.presses("Remove ")
    await world.sees(r"✅ cart → staging 2\.0\.0")


async def is_asked_for_a_rollback_and_an_uninstall(world: World) -> None:
    """They ask as an upgrade does."""
    world.dana.says("/rollback cart staging 1")
    await world.sees(r"Roll back: cart → staging 1\.0\.0")
    await world.dana.presses("Roll back to")
    await world.sees(
        "⚠️ cart → staging removes:\n• PersistentVolumeClaim cart-more", buttons=["Remove cart-more"]
    )
    world.dana.says("/uninstall cart staging")
    await world.sees("Uninstall: cart → staging", buttons=["Uninstall from staging"])
    await world.dana.presses("Uninstall from staging")
    await world.sees(
        "⚠️ cart → staging removes:\n• PersistentVolumeClaim cart-more", buttons=["Remove cart-more"]
    )
    world.clock.move(seconds=3)
    await world.dana.presses("Remove cart-more")
    await world.sees("✅ cart → staging uninstalled")
