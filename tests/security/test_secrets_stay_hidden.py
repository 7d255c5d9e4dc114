"""A secret in whatever form a chart puts it is in nothing that people see (security.md, rows 8 and 9)."""

import asyncio
import base64
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import structlog
import yaml
from sqlalchemy import select

from bot import logs
from bot.store.tables import AuditRow, OperationRow, OutgoingRow, StepRow
from tests.hands import edited
from tests.security.acting import reconfigured, until
from tests.worlds import World

KNOWN = "Kn0wn-pass/word+of=shop"
"""Named by the configuration; the chart says it in every way it can."""
MOVED = "moved-canary-0815"
SHORT = "s3cr3t"
"""Both are the chart's own, in a Secret that becomes a ConfigMap."""
ADDED = "added-canary-4711"
REMOVED = "removed-canary-1234"
APPLIED = "applied-canary-5678"
FILED = "filed-canary-9012"
"""From a values file that is secret as a whole."""
BY_HAND = "by-hand-canary-3456"
"""Put into the cluster by somebody, beside the bot."""

CANARIES = (KNOWN, MOVED, SHORT, ADDED, REMOVED, APPLIED, FILED, BY_HAND)

SHARED = """
apiVersion: v1
kind: Secret
metadata: {name: everywhere}
stringData: {plain: {{ .Values.db.password | quote }}, filed: {{ .Values.filed.key | quote }}}
data: {encoded: {{ .Values.db.password | b64enc }}, turn: {{ printf "%s" .Values.turn | b64enc }}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: careless
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"data":{"a":"{{ "applied-canary-5678" | b64enc }}"}}'
data:
  turn: {{ .Values.turn | quote }}
  raw: {{ .Values.db.password | quote }}
  filed: {{ .Values.filed.key | quote }}
  url: {{ printf "postgres://shop:%s@db/x" (.Values.db.password | urlquery) | quote }}
  json: {{ dict "password" .Values.db.password | toJson | quote }}
  encoded: {{ .Values.db.password | b64enc }}
  basic: {{ printf "shop:%s" .Values.db.password | b64enc }}
  longer: {{ printf "ab:%s:cd" .Values.db.password | b64enc }}
  {{ .Values.db.password | replace "/" "_" | replace "+" "_" | replace "=" "_" }}: key
"""

BEFORE = """
---
apiVersion: v1
kind: Secret
metadata: {name: changing}
stringData: {long: moved-canary-0815, short: s3cr3t}
---
apiVersion: v1
kind: Secret
metadata: {name: going}
stringData: {gone: removed-canary-1234}
"""

AFTER = """
---
apiVersion: v1
kind: ConfigMap
metadata: {name: changing}
data: {long: moved-canary-0815, short: s3cr3t, inside: "--password=moved-canary-0815"}
---
apiVersion: v1
kind: Secret
metadata: {name: coming}
stringData: {new: added-canary-4711}
"""


def forms(secret: str) -> Iterator[str]:
    yield secret
    yield base64.b64encode(secret.encode()).decode().rstrip("=")
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    for prefix in (b"shop:", b"ab:", b"x"):
        encoded = base64.b64encode(prefix + secret.encode()).decode()
        yield encoded[-(len(encoded) // 3 * 2) : -4]


def write_chart(folder: Path, *templates: str) -> None:
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: leaky\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "templates" / "all.yaml").write_text("".join(templates), encoding="utf-8")


async def leaky(world: World, folder: Path, *templates: str, turn: str) -> None:
    """Make shop's chart one that tells secrets; `turn` differs, so that each deploy has something to change."""
    chart, filed, plain = folder / "leaky", folder / "filed.yaml", folder / "plain.yaml"
    write_chart(chart, *templates)
    filed.write_text(yaml.safe_dump({"filed": {"key": FILED}}), encoding="utf-8")
    plain.write_text(yaml.safe_dump({"turn": turn}), encoding="utf-8")
    (folder / "password").write_text(KNOWN, encoding="utf-8")
    shop = {
        "chart": str(chart),
        "image": None,
        "source": None,
        "values": [str(plain), {"file": str(filed), "secret": True}],
        "secrets": {"db.password": None, "db.password_file": str(folder / "password")},
    }
    await reconfigured(world, apps={**apps(world), "shop": shop})


def apps(world: World) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(world.sandbox.configs[-1].read_text(encoding="utf-8"))["apps"]
    return found


def everything_shown(world: World) -> str:
    """All that Telegram ever got: texts, buttons, names and contents of documents."""
    texts = []
    for chat_id in world.telegram.state.messages:
        for message in world.telegram.messages(chat_id, deleted=True):
            texts.append(message.text)
            texts += [f"{button.label} {button.data}" for row in message.buttons for button in row]
            if message.document is not None:
                texts += [message.document.name, message.document.content.decode()]
    return "\n".join([*texts, *(answer.text for answer in world.telegram.answers.values())])


async def everything_stored(world: World) -> str:
    """What the bot's database says in the clear."""
    parts = []
    async with world.parts.database.read() as session:
        for table in (AuditRow, OperationRow, OutgoingRow, StepRow):
            for row in await session.scalars(select(table)):
                parts += [str(getattr(row, column.key)) for column in table.__table__.columns]
    return "\n".join(parts)


def leaks(text: str) -> set[str]:
    return {form for canary in CANARIES for form in forms(canary) if form in text}


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    yield capfd
    logging.basicConfig(force=True)
    structlog.reset_defaults()


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


HARMFUL = (
    '{{ fail (printf "no %s" .Values.db.password) }}',
    "data: {{ .Values.db.password }}\nkind: Secret\nfiled: {{ .Values.filed.key }}\n",
    "kind: Secret\nmetadata: {name: x}\nstringData: {a: moved-canary-0815, b: removed-canary-1234}\n",
    "- moved-canary-0815\n",
    "moved-canary-0815\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.db.password | quote }}}\n",
    "apiVersion: v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replicas: {{ .Values.filed.key }}}\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: [{{ .Values.filed.key }}]\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  a: b\n {{ .Values.db.password }}: [\n",
    "{{ .Values.db.password | int64 }}{{ .Values.filed.key.deeper }}",
    "{{ .Files.Get .Values.filed.key | required .Values.filed.key }}",
)
"""Templates that end in errors which could quote what they were given."""


async def test_errors_tell_no_secret(
    world: World, tmp_path: Path, logged: pytest.CaptureFixture[str]
) -> None:
    logs.set_up(lambda text: world.parts.current.masker.mask_text(text), logging.DEBUG)
    for number, template in enumerate(HARMFUL):
        await leaky(world, tmp_path, template, turn=str(number))
        for command in ("/deploy shop staging", "/render shop staging"):
            world.kim.says(command)
            await world.sees(".")
        if any("Deploy to staging" in label for label in labels(world)):
            await world.kim.presses("Deploy to staging")
            await world.sees("❌|🚫|↩️|failed", within=30)
    assert leaks(everything_shown(world)) == set()
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


def labels(world: World) -> list[str]:
    return [button.label for message in world.news() for row in message.buttons for button in row]


async def test_no_child_carries_a_secret_in_its_arguments_or_environment(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TELEGRAM_TOKEN", "SHOP_DB_PASSWORD"):
        monkeypatch.setenv(name, KNOWN)
    await leaky(world, tmp_path, SHARED, BEFORE, turn="1")
    seen: dict[int, bytes] = {}
    watching = asyncio.create_task(watch_children(seen))
    try:
        world.kim.says("/deploy shop staging")
        await world.sees("Plan: shop → staging", buttons=["Deploy to staging"])
        await world.kim.presses("Deploy to staging")
        await world.sees("✅ shop → staging")
        world.dana.says("/deploy blog v1.0 staging")
        await world.sees("Plan: blog → staging")
    finally:
        watching.cancel()
    assert any(b"bot.helm.worker" in what for what in seen.values())
    for what in seen.values():
        text = what.decode(errors="replace")
        assert leaks(text) == set()
        assert world.parts.current.config.telegram.token.read() not in text


async def watch_children(seen: dict[int, bytes]) -> None:
    """Look at all descendants of this process, again and again, and keep what they show of themselves."""
    while True:
        for pid in descendants(os.getpid()):
            for file in ("cmdline", "environ"):
                try:
                    seen[pid] = seen.get(pid, b"") + Path(f"/proc/{pid}/{file}").read_bytes()
                except OSError:
                    continue
        await asyncio.sleep(0.02)


def descendants(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(each) for task in tasks for each in (task / "children").read_text().split()]
    except OSError:
        return []
    return children + [below for child in children for below in descendants(child)]


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
