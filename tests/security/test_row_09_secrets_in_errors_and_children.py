"""A secret is in no error, and in no child's arguments or environment (security.md, row 9)."""

import asyncio
import logging
from pathlib import Path

import pytest

from bot import logs
from tests.security.canaries import BEFORE, KNOWN, SHARED, everything_shown, everything_stored, leaks, leaky
from tests.security.processes import watch_children
from tests.worlds import World

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
