"""What the bot of a sandbox is configured with, for any configuration: its own files, and two laid over them.

In these the sandbox's servers stand in the place of the real ones. Without files of somebody's own it is the
sample world (sample/). What runs in the cluster is `world`'s and `given`'s.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import yaml

from bot.config import Config, load
from bot.images.references import parse_repository
from bot.sandbox.cast import Cast
from bot.sandbox.registry import add_sample_images
from bot.sandbox.registry.samples import SHOP_TAGS
from bot.sandbox.repositories import create_sample_repositories
from bot.sandbox.servers import TOKEN, Beside

SAMPLE: Final = Path(__file__).parent / "sample" / "world.yaml"
WEBHOOK: Final = SAMPLE.with_name("webhook.yaml")
"""Laid over it where git hosts can call the bot."""
_CHART: Final = Path("charts", "microservice")
CHART: Final = next(
    (path for path in (Path(__file__).parent / _CHART, Path(__file__).parents[2] / _CHART) if path.is_dir()),
    Path(__file__).parents[2] / _CHART,
)
"""The chart of the sample apps: the wheel has a copy of what the repository keeps at its top (setup.py)."""
_TOKEN_NAME: Final = "PILOTHOUSE_SANDBOX_TOKEN"  # noqa: S105 - a variable's name
_VARIABLE: Final = re.compile(r"\$\{(\w+)")
_SAMPLE_SECRETS: Final = {
    "SHOP_DB_PASSWORD": "sample-password-of-shop",
    "BLOG_HOOK_SECRET": "sample-secret-of-blogs-webhook",
}
Layer = dict[str, Any]
"""Part of a configuration, as its file has it."""


@dataclass(frozen=True)
class Furnished:
    """What the bot is started with."""

    config: Config
    cast: Cast
    files: tuple[Path, ...]
    """Its configuration, in order."""


@dataclass(frozen=True)
class Ground:
    """A configuration before the servers are there that it is to lead to."""

    folder: Path
    """Where the sandbox's files go."""
    files: tuple[Path, ...]
    is_sample: bool
    config: Config
    secrets: Mapping[str, str] = field(repr=False)
    """Variables that the bot's environment needs."""
    bot_port: int
    """Where the bot listens; 0 is a free one, where nobody knows to call it."""

    @classmethod
    async def read(cls, folder: Path, configs: Sequence[Path] | None, bot_port: int) -> Self:
        """That of the files, or of the sample world. Raises: ConfigInvalid, OSError."""
        files = tuple(configs or ((SAMPLE, WEBHOOK) if bot_port else (SAMPLE,)))
        secrets = {_TOKEN_NAME: TOKEN, **({} if configs else _SAMPLE_SECRETS)}
        config = await asyncio.to_thread(load, files, {**os.environ, **secrets})
        return cls(folder, files, not configs, config, {**_stand_ins(config), **secrets}, bot_port)

    @property
    def registries(self) -> set[str]:
        """The hosts of the apps' images."""
        return {parse_repository(app.image).host for app in self.config.apps.values() if app.image}

    async def furnish(self, servers: Beside, more: Layer) -> Furnished:
        """Fill the servers, and lead the configuration to them; `more` is what it says of clusters.

        Raises: ConfigInvalid, OSError.
        """
        _add_images(servers, self.config)
        laid_over = _overlay(self.config, servers, self.bot_port)
        if self.is_sample:
            sources = await asyncio.to_thread(_sources, self.folder)
            for app, source in sources.items():
                laid_over["apps"][app] |= {"chart": str(CHART), "source": {"git": source}}
        over = {self.folder / "clusters.yaml": more, self.folder / "sandbox.yaml": laid_over}
        await asyncio.to_thread(_write, self.folder, over)
        files = (*self.files, *over)
        whole = await asyncio.to_thread(load, files, {**os.environ, **self.secrets})
        cast = Cast.of(whole)
        cast.populate(servers.telegram.world)
        return Furnished(whole, cast, files)


def reached_by(kubeconfig: str, context: str) -> Layer:
    """A cluster's entry, whatever else the configuration says of it; a path is relative to the sandbox's folder."""
    return {
        "kubeconfig": kubeconfig,
        "context": context,
        "in_cluster": False,
        "proxy": None,
        "ca_file": None,
    }


def _stand_ins(config: Config) -> dict[str, str]:
    """A value for every variable that a chart's values want as a secret and that is not set: any will do here."""
    given = [app.secrets for app in config.apps.values()]
    given += [environment.secrets for environment in config.environments.values()]
    wanted = {
        name for secrets in given for secret in secrets.values() for name in _VARIABLE.findall(secret.source)
    }
    return {name: f"sandbox-{name}" for name in wanted if name not in os.environ}


def _add_images(servers: Beside, config: Config) -> None:
    """The sample world's images, and for every other app the versions that its shop has."""
    add_sample_images(servers.registry)
    for app in config.apps.values():
        name = parse_repository(app.image).name if app.image else ""
        if name and not servers.registry.tags(name):
            for tag in SHOP_TAGS:
                servers.registry.add(name, tag)


def _overlay(config: Config, servers: Beside, bot_port: int) -> Layer:
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
    images = {
        name: {"image": f"{servers.registry.host}/{parse_repository(app.image).name}"} if app.image else {}
        for name, app in config.apps.items()
    }
    return {
        "telegram": telegram,
        "listen": f"127.0.0.1:{bot_port}",
        "store": "sqlite:///pilothouse.db",
        "store_key_file": "store.key",
        "registries": {servers.registry.host: {"plain_http": True}},
        "apps": images,
    }


def _write(folder: Path, layers: Mapping[Path, Layer]) -> None:
    (folder / "token").write_text(TOKEN, encoding="utf-8")
    for path, layer in layers.items():
        path.write_text(yaml.safe_dump(layer, sort_keys=False), encoding="utf-8")


def _sources(folder: Path) -> dict[str, str]:
    """The sample apps' git repositories, as URLs; those of an earlier run in a kept folder stay."""
    paths = {app: folder / "git" / f"{app}.git" for app in ("shop", "blog")}
    if not all(path.exists() for path in paths.values()):
        paths = create_sample_repositories(folder / "git")
    return {app: path.absolute().as_uri() for app, path in paths.items()}
