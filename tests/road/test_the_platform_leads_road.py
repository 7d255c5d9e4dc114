"""The first week of a platform lead, from an empty file to the night on which the registry is gone."""

from __future__ import annotations

import io
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGINT
from typing import Any

import pytest
import yaml

from bot.adopting import adopt
from bot.checking import check
from bot.config import load
from bot.rbac.printing import Account as ServiceAccount
from bot.rbac.printing import rbac
from bot.sandbox.installing import upgrade_by_hand
from bot.sandbox.world import CHART, SAMPLE, SandboxWorld
from tests.installed import open_world
from tests.modes.test_ids_before_the_first_start import listening
from tests.rbac.accounts import Account, account, apply
from tests.worlds import QUICK, World, open_bot, spaced

BY_HAND = {"web": {"replicas": 4}, "config": {"FEATURE": "carts"}}
"""What the pipeline of before gave the release, and nobody wrote down."""


@dataclass
class Lead:
    """The lead's one file, and the commands run over it."""

    sandbox: SandboxWorld
    mine: Account
    file: Path

    @property
    def secrets(self) -> Mapping[str, str]:
        return {
            "TELEGRAM_TOKEN": self.sandbox.secrets["PILOTHOUSE_SANDBOX_TOKEN"],
            "SHOP_DB_PASSWORD": self.sandbox.secrets["SHOP_DB_PASSWORD"],
        }

    def writes(self, **sections: Any) -> None:
        """Put sections into the file beside those that are there."""
        content = yaml.safe_load(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        self.file.write_text(yaml.safe_dump({**content, **sections}, sort_keys=False), encoding="utf-8")

    def pastes(self, lines: str) -> None:
        """Lay printed lines over the file as the lead does with an editor."""
        self.writes(**merged(yaml.safe_load(self.file.read_text(encoding="utf-8")), yaml.safe_load(lines)))

    async def checks(self) -> tuple[int, str]:
        out = io.StringIO()
        return await check([self.file], self.secrets, out), out.getvalue()


def merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {key: merged(below.get(key), above[key]) if key in above else below[key] for key in below | above}


@asynccontextmanager
async def beginning(folder: Path) -> AsyncIterator[Lead]:
    """A team's chats, its cluster with rights in force, releases that a pipeline made, and no configuration."""
    async with open_world(folder, pace=QUICK) as sandbox, account(sandbox.servers.cluster, folder) as mine:
        config = load(sandbox.configs, {**sandbox.secrets})
        await upgrade_by_hand(config, "shop", "staging", BY_HAND, "CI build 412")
        yield Lead(sandbox, mine, folder / "config.yaml")


async def finds_out_who_writes(lead: Lead, folder: Path) -> None:
    """`ids`, before there is anything but a token; what it prints is pasted."""
    telegram = lead.sandbox.servers.telegram.world
    team = lead.sandbox.cast.places["team"]
    lead.writes(
        telegram={"token": "${TELEGRAM_TOKEN}", "api_url": lead.sandbox.servers.telegram.url},
        store=f"sqlite:///{folder}/lead.db",
        listen="127.0.0.1:0",
    )
    async with listening("--config", str(lead.file), env=lead.secrets, cwd=folder) as listener:
        for key in ("kim", "dana"):
            telegram.says(lead.sandbox.cast.person(key).id, team.id, "/hello", topic=2)
        dana = await listener.logged("  dana: ")
        kim = await listener.logged("  kim: ")
        chat = await listener.logged(f"id: {team.id}")
        listener.process.send_signal(SIGINT)
        assert await listener.ended() == 0
    lead.pastes(f"people:\n{kim}\n{dana}\nchats:\n{chat}\n")
    chats = yaml.safe_load(lead.file.read_text(encoding="utf-8"))["chats"]
    assert [each["topics"] for each in chats.values()] == [{"deploys": 2}]


def describes_shop(lead: Lead) -> None:
    """The rest of the file, as config.example.yaml shows it."""
    registry = lead.sandbox.servers.registry.host
    shutil.copytree(SAMPLE.parent / "values", lead.file.parent / "values")
    lead.writes(
        bindings=[
            {"role": "admin", "people": ["kim"]},
            {"role": "deployer", "people": ["dana"], "apps": ["shop"], "environments": ["staging"]},
        ],
        clusters={"main": {"kubeconfig": str(lead.mine.kubeconfig)}},
        registries={registry: {"plain_http": True}},
        environments={
            "staging": {
                "cluster": "main",
                "namespace": "{{ app }}-staging",
                "timeout": "2m",
                "fail_early": {"crash_restarts": 2, "settle": "1s"},
            }
        },
        apps={
            "shop": {
                "chart": str(CHART),
                "image": f"{registry}/shop",
                "tags": {"match": r"^v\d+\.\d+.*"},
                "secrets": {"db.password": "${SHOP_DB_PASSWORD}"},
                "values": ["values/shop.yaml", "values/shop-{{ environment }}.yaml.j2"],
                "environments": ["staging"],
            }
        },
    )


async def gets_rights(lead: Lead) -> None:
    """`check` says that they are missing, `rbac` prints them, and then `check` has nothing to say."""
    code, told = await lead.checks()
    assert code == 1
    assert "kind: Role" in told
    printed = io.StringIO()
    assert await rbac([lead.file], {}, ServiceAccount("pilothouse", "pilothouse"), "", "bot", printed) == 0
    await apply(lead.sandbox.servers.cluster, yaml.safe_load_all(printed.getvalue()))
    code, told = await lead.checks()
    assert code == 0, told
    assert "revision 3" in told
    assert "helm" in told


async def keeps_what_was_given_by_hand(lead: Lead) -> None:
    """`adopt` writes the values that would be lost, and its lines name the file."""
    out = io.StringIO()
    assert await adopt([lead.file], lead.secrets, "shop", "staging", None, "", out) == 0
    assert "carts" not in out.getvalue()
    lines = out.getvalue().partition("apps:")
    lead.pastes("".join(lines[1:]).partition("Then look")[0])


@pytest.mark.long(30)
async def test_from_ids_to_the_night_without_a_registry(tmp_path: Path) -> None:
    async with beginning(tmp_path) as lead:
        await finds_out_who_writes(lead, tmp_path)
        describes_shop(lead)
        await gets_rights(lead)
        await keeps_what_was_given_by_hand(lead)
        sandbox = replace(lead.sandbox, configs=(lead.file,))
        async with open_bot(sandbox, secrets=lead.secrets) as world:
            await deploys_for_the_first_time(world)
            await meets_a_bad_version(world)
            await goes_back_without_a_registry(world)


async def deploys_for_the_first_time(world: World) -> None:
    world.dana.says("/deploy shop v1.2 staging")
    plan = spaced((await world.sees("Plan: shop → staging v1.2")).text)
    assert "Revision 3 was made by helm (CI build 412), not by Pilothouse" in plan
    assert "lose" not in plan
    await world.dana.presses("Deploy to staging")
    end = spaced((await world.sees(r"✅ shop → staging v1\.2")).text)
    assert "4 of 4" in end or "5 of 5" in end or "6 of 6" in end


async def meets_a_bad_version(world: World) -> None:
    """Nobody asked for a way back by itself, so it is left for the one who looks at it."""
    await world.dana.deploys("v2.0-crash")
    end = spaced((await world.sees(r"❌ shop → staging v2\.0-crash failed", buttons=["Roll back"])).text)
    assert "KeyError: 'DATABASE_URL'" in end


async def goes_back_without_a_registry(world: World) -> None:
    world.registry.down(9999)
    await world.dana.presses("Roll back to v1.2")
    await world.sees("Roll back: shop → staging v1.2")
    await world.dana.presses("Roll back to v1.2")
    await world.sees(r"↩️ shop → staging v1\.2 is back")
    assert world.history("shop", "shop-staging")[-1] == "deployed"
