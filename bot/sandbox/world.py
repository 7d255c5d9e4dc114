"""The sandbox's world: the embedded servers filled with people, images and running releases, for any configuration.

The bot gets the configuration's own files and one more laid over them, in which this world's servers stand in
the place of the real ones. Without files of somebody's own it is the sample world (sample/), in which the
releases were installed by the real Helm SDK before the bot starts. Running the bot is `running`'s.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from bot.config import Config, load
from bot.images.references import parse_repository
from bot.sandbox.cast import Cast
from bot.sandbox.installing import install_releases
from bot.sandbox.kubernetes.behaviour import Pace
from bot.sandbox.registry import add_sample_images
from bot.sandbox.registry.samples import SHOP_TAGS
from bot.sandbox.repositories import create_sample_repositories
from bot.sandbox.servers import TOKEN, Servers, open_servers

SAMPLE: Final = Path(__file__).parent / "sample" / "world.yaml"
_CHART: Final = Path("charts", "microservice")
CHART: Final = next(
    (path for path in (Path(__file__).parent / _CHART, Path(__file__).parents[2] / _CHART) if path.is_dir()),
    Path(__file__).parents[2] / _CHART,
)
"""The chart of the sample apps: the wheel has a copy of what the repository keeps at its top (setup.py)."""
RUNNING: Final = (
    ("shop", "staging", ("v1.0", "v1.1")),
    ("shop", "production", ("v1.0", "v1.1")),
    ("blog", "staging", ("v0.8", "v0.9")),
)
"""What runs at the start in the sample world: app, environment, and the versions of its revisions."""
_TOKEN_NAME: Final = "PILOTHOUSE_SANDBOX_TOKEN"  # noqa: S105 - a variable's name
_SAMPLE_SECRETS: Final = {"SHOP_DB_PASSWORD": "sample-password-of-shop"}


@dataclass(frozen=True)
class SandboxWorld:
    """The world, ready for the bot to be started in it."""

    servers: Servers
    cast: Cast
    configs: tuple[Path, ...]
    """What the bot is started with, in order."""
    secrets: Mapping[str, str] = field(repr=False)
    """Variables that the bot's environment needs."""
    kubeconfig: Path

    def asked_at(self) -> float:
        """When the bot last asked for updates, on the monotonic clock."""
        return self.servers.telegram.state.polls.asked_at


@asynccontextmanager
async def open_world(
    folder: Path, configs: Sequence[Path] | None = None, *, port: int = 0, pace: Pace | None = None
) -> AsyncIterator[SandboxWorld]:
    """Open the servers and fill them.

    Files go into `folder`, `port` is Telegram's (0: a free one), `pace` is how fast pods live.

    Raises: ConfigInvalid, OSError.
    """
    files = tuple(configs or (SAMPLE,))
    secrets = {_TOKEN_NAME: TOKEN, **({} if configs else _SAMPLE_SECRETS)}
    environ = {**os.environ, **secrets}
    config = await asyncio.to_thread(load, files, environ)
    hosts = {parse_repository(app.image).host for app in config.apps.values() if app.image}
    async with open_servers(port=port, registries=hosts, pace=pace) as servers:
        _add_images(servers, config)
        kubeconfig = folder / "kubeconfig"
        overlay = _overlay(config, servers)
        if not configs:
            sources = await asyncio.to_thread(_sources, folder)
            for app, source in sources.items():
                overlay["apps"][app] |= {"chart": str(CHART), "source": {"git": source}}
        laid_over = folder / "sandbox.yaml"
        await asyncio.to_thread(_write, folder, laid_over, overlay, kubeconfig, servers.cluster.kubeconfig())
        whole = await asyncio.to_thread(load, (*files, laid_over), environ)
        cast = Cast.of(whole)
        cast.populate(servers.telegram.world)
        if not configs:
            await install_releases(whole, RUNNING, servers.cluster)
        yield SandboxWorld(servers, cast, (*files, laid_over), secrets, kubeconfig)


def _add_images(servers: Servers, config: Config) -> None:
    """The sample world's images, and for every other app the versions that its shop has."""
    add_sample_images(servers.registry)
    for app in config.apps.values():
        name = parse_repository(app.image).name if app.image else ""
        if name and not servers.registry.tags(name):
            for tag in SHOP_TAGS:
                servers.registry.add(name, tag)


def _overlay(config: Config, servers: Servers) -> dict[str, Any]:
    """The file that puts this world's servers in the place of the real ones; paths are relative to it."""
    telegram: dict[str, Any] = {
        "api_url": servers.telegram.url,
        "webhook": None,
        "proxy": None,
        "ca_file": None,
    }
    if config.telegram.token.source.startswith("$"):
        telegram["token"] = f"${{{_TOKEN_NAME}}}"
    else:
        telegram["token_file"] = "token"  # noqa: S105 - a file's name
    cluster = {
        "kubeconfig": "kubeconfig",
        "context": servers.cluster.name,
        "in_cluster": False,
        "proxy": None,
        "ca_file": None,
    }
    images = {
        name: {"image": f"{servers.registry.host}/{parse_repository(app.image).name}"} if app.image else {}
        for name, app in config.apps.items()
    }
    return {
        "telegram": telegram,
        "listen": "127.0.0.1:0",
        "store": "sqlite:///pilothouse.db",
        "store_key_file": "store.key",
        "clusters": dict.fromkeys(config.clusters, cluster),
        "registries": {servers.registry.host: {"plain_http": True}},
        "apps": images,
    }


def _write(folder: Path, laid_over: Path, overlay: Mapping[str, Any], kubeconfig: Path, content: str) -> None:
    kubeconfig.write_text(content, encoding="utf-8")
    kubeconfig.chmod(0o600)
    (folder / "token").write_text(TOKEN, encoding="utf-8")
    laid_over.write_text(yaml.safe_dump(dict(overlay), sort_keys=False), encoding="utf-8")


def _sources(folder: Path) -> dict[str, str]:
    """The sample apps' git repositories, as URLs; those of an earlier run in a kept folder stay."""
    paths = {app: folder / "git" / f"{app}.git" for app in ("shop", "blog")}
    if not all(path.exists() for path in paths.values()):
        paths = create_sample_repositories(folder / "git")
    return {app: path.absolute().as_uri() for app, path in paths.items()}
