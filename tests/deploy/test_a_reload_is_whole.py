"""A reload puts everything into force or nothing, leaves nothing open behind it, and forgets no secret."""

import asyncio
import gc
from pathlib import Path

import aiohttp
import pytest
import yaml
from sqlalchemy import make_url

from bot.current import Current, InForce
from tests.worlds import World


def _write(folder: Path, **sections: object) -> None:
    (folder / "extra.yaml").write_text(yaml.safe_dump(sections), encoding="utf-8")


def _open_sessions() -> int:
    gc.collect()
    return sum(isinstance(each, aiohttp.ClientSession) and not each.closed for each in gc.get_objects())


async def _reloaded(world: World) -> None:
    world.kim.says("/reload", "private")
    await world.sees("Configuration reloaded", chat="private kim")


async def test_reloads_leave_no_connections_open(world: World) -> None:
    shop = world.parts.current.config.apps["shop"]
    await _reloaded(world)  # asks the clusters, whose connections stay
    await world.parts.versions.offered(shop)
    before = _open_sessions()
    for _ in range(3):
        await _reloaded(world)
        await world.parts.versions.offered(shop)
    assert _open_sessions() == before


async def test_a_question_to_a_registry_outlives_the_reload(world: World) -> None:
    shop = world.parts.current.config.apps["shop"]
    asking = asyncio.create_task(world.parts.versions.offered(shop))
    await asyncio.sleep(0)
    await _reloaded(world)
    assert "v1.2" in await asking


async def test_a_reload_that_fails_half_way_changes_nothing(world: World, tmp_path: Path) -> None:
    found = world.parts.current.config, world.parts.images.registries
    _write(tmp_path, timezone="Europe/Dublin")
    database = make_url(world.parts.current.config.store.read()).database
    assert database is not None
    mirrors = Path(database).parent / "git"
    mirrors.rename(mirrors.with_name("elsewhere"))
    mirrors.touch()
    world.kim.says("/reload", "private")
    await world.sees("Not reloaded: the old one stays[\\s\\S]*exists", chat="private kim")
    assert found == (world.parts.current.config, world.parts.images.registries)


async def test_what_was_hidden_during_a_reload_or_before_it_stays_hidden(
    world: World, tmp_path: Path
) -> None:
    current = world.parts.current
    (tmp_path / "password").write_text("the-first-canary", encoding="utf-8")
    _write(tmp_path, environments={"staging": {"secrets": {"db.password_file": str(tmp_path / "password")}}})
    await _reloaded(world)
    (tmp_path / "password").write_text("the-second-canary", encoding="utf-8")
    fresh = await current.read()
    assert isinstance(fresh, InForce)
    current.hide(["the-third-canary"])
    current.put(fresh)
    shown = current.masker.mask_text("the-first-canary the-second-canary the-third-canary")
    assert "canary" not in shown


@pytest.mark.parametrize(
    "url", ["postgresql://bot:p%40ss-canary@db/x", "postgresql://db/x?password=p%40ss-canary"]
)
async def test_the_databases_password_is_hidden(tmp_path: Path, url: str) -> None:
    path = tmp_path / "pilothouse.yaml"
    path.write_text("telegram: {token: '${TOKEN}'}\nstore: '${STORE}'\n", encoding="utf-8")
    current = await Current.opened([path], {"TOKEN": "4242:canary-secret", "STORE": url})
    assert "canary" not in current.masker.mask_text("password p@ss-canary was refused, as was p%40ss-canary")
