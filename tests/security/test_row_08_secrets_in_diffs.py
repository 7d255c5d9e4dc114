"""A secret in whatever form a chart puts it is in no diff, render or document (security.md, row 8)."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import logs
from tests.hands import edited
from tests.security.acting import reconfigured, until
from tests.security.canaries import (
    ADDED,
    AFTER,
    BEFORE,
    BY_HAND,
    FILED,
    REMOVED,
    SHARED,
    apps,
    everything_shown,
    everything_stored,
    leaks,
    leaky,
    write_chart,
)
from tests.sops import PROGRAM, encrypted, new_key
from tests.worlds import World


async def test_from_the_first_plan_to_the_last_document(
    world: World, tmp_path: Path, logged: pytest.CaptureFixture[str]
) -> None:
    logs.set_up(lambda text: world.parts.current.masker.mask_text(text), logging.DEBUG)
    await leaky(world, tmp_path, SHARED, BEFORE, turn="1")
    world.kim.says("/deploy shop staging")
    await world.sees("Plan: shop → staging", buttons=["Deploy to staging", "Full diff"])
    await world.kim.presses("Deploy to staging")
    await world.sees("✅ shop → staging")
    await shows_its_diff(world, "/uninstall shop staging", "Uninstall")
    await leaky(world, tmp_path, SHARED, AFTER, turn="2")
    for command in ("/render shop staging", "/diff shop staging", "/values shop staging"):
        world.kim.says(command)
        await world.sees("shop")
    world.kim.says("/deploy shop staging")
    await world.sees("Plan: shop → staging", buttons=["Full diff"])
    await world.kim.presses("Full diff")
    await world.sees("shop → staging")
    await world.kim.presses("Deploy to staging")
    await world.sees("✅ shop → staging")
    await world.kim.presses("Diff")
    await world.sees("what revision")
    await changed_by_hand(world)
    world.kim.says("/drift shop staging")
    await world.sees("2 changes by hand")
    await shows_its_diff(world, "/rollback shop staging", "Roll back")
    shown = everything_shown(world)
    assert "•••" in shown
    assert "careless" in shown
    assert leaks(shown) == set()
    assert leaks(await everything_stored(world)) == set()
    captured = logged.readouterr()
    assert leaks(captured.out + captured.err) == set()


async def changed_by_hand(world: World) -> None:
    """Somebody puts a new secret into the cluster, and a copy of it where everybody looks."""
    place = "/api/v1/namespaces/shop-staging"
    await edited(world, f"{place}/secrets/coming", {"stringData": {"new": BY_HAND}})
    await edited(world, f"{place}/configmaps/changing", {"metadata": {"labels": {"copied": BY_HAND}}})


async def shows_its_diff(world: World, command: str, words: str) -> None:
    world.kim.says(command)
    await world.sees(words, buttons=["Full diff"])
    await world.kim.presses("Full diff")
    await world.sees("shop → staging")


async def test_a_secret_that_was_rotated_is_hidden_without_a_reload(world: World, tmp_path: Path) -> None:
    await leaky(world, tmp_path, SHARED, turn="1")
    (tmp_path / "password").write_text(ADDED, encoding="utf-8")
    (tmp_path / "filed.yaml").write_text(yaml.safe_dump({"filed": {"key": REMOVED}}), encoding="utf-8")
    world.kim.says("/values shop staging")
    await world.sees("values")
    assert leaks(everything_shown(world)) == set()

    async def known() -> bool:
        return leaks(world.parts.current.masker.mask_text(f"{ADDED} {REMOVED} {FILED}")) == set()

    await until(known, within=60)


CHART = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  turn: {{ .Values.turn | quote }}
  port: {{ .Values.db.port | quote }}
  user: {{ .Values.db.user | quote }}
  dsn: "pg://{{ .Values.db.user }}:{{ .Values.db.password }}@db:{{ .Values.db.port }}/x"
  mail: {{ .Values.mail.password | quote }}
  plain: "8643"
"""


OLD = {"db": {"port": 8642, "user": "wren", "password": "old-canary-1357", "tls": True}}


NEW = {"db": {"port": 9753, "user": "kite", "password": "new-canary-2468", "tls": True}}


MAIL = "mail-canary-3579"


SECRETS = ("8642", "wren", "9753", "kite", "canary")


def told(text: str) -> list[str]:
    """Those of the secrets that a text tells; a number that is a part of a longer word, as of a time, is none."""
    return [secret for secret in SECRETS if re.search(rf"\b{secret}\b" if secret.isdigit() else secret, text)]


async def deployed(world: World, folder: Path, db: dict[str, Any], turn: str) -> None:
    (folder / "db.yaml").write_text(yaml.safe_dump(db), encoding="utf-8")
    (folder / "plain.yaml").write_text(yaml.safe_dump({"turn": turn}), encoding="utf-8")
    shop = {
        "chart": str(folder / "chart"),
        "image": None,
        "source": None,
        "values": [
            str(folder / "plain.yaml"),
            {"file": str(folder / "db.yaml"), "secret": True},
            str(folder / "mail.yaml"),
        ],
    }
    await reconfigured(
        world,
        apps={**apps(world), "shop": shop},
        sops={"program": PROGRAM, "age_key_file": str(folder / "age.txt")},
    )
    world.kim.says("/deploy shop staging")
    await world.sees("Plan: shop → staging", buttons=["Deploy to staging", "Full diff"])
    await world.kim.presses("Full diff")
    await world.sees("shop → staging")
    await world.kim.presses("Deploy to staging")
    await world.sees("✅ shop → staging")


async def test_no_leaf_of_a_secret_file_is_ever_shown(world: World, tmp_path: Path) -> None:
    write_chart(tmp_path / "chart", CHART)
    mail = await encrypted({"mail": {"password": MAIL}}, new_key(tmp_path / "age.txt"))
    (tmp_path / "mail.yaml").write_text(mail, encoding="utf-8")
    await deployed(world, tmp_path, OLD, "1")
    await deployed(world, tmp_path, NEW, "2")
    await world.kim.presses("Diff")
    await world.sees("what revision")
    for command in ("/values shop staging", "/render shop staging", "/rollback shop staging"):
        world.kim.says(command)
        await world.sees("shop")
    await world.kim.presses("Full diff")
    await world.sees("shop → staging")
    shown = everything_shown(world)
    assert "8643" in shown, "what is not secret is shown"
    assert told(shown) == []
    assert told(await everything_stored(world)) == []
    assert world.parts.current.masker.mask_text(f"connect failed for {MAIL}") == "connect failed for •••"
    assert world.parts.current.masker.mask_text("shop listens on 9753") == "shop listens on 9753"
