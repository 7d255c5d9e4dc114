"""A folder with a small, right configuration that each test bends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config import Config, ConfigInvalid, load

RIGHT = """\
telegram: {token: "${TOKEN}"}
chats:
  team: {id: -1001}
  news: {id: -1002}
people:
  dana: {id: 1002, name: Dana}
clusters:
  main: {in_cluster: true}
environments:
  staging: {cluster: main, namespace: "{{ app }}-staging"}
  production: {cluster: main, namespace: "{{ app }}"}
apps:
  shop:
    chart: charts/shop
    image: registry.example.org/shop
    environments: [staging, production]
bindings:
  - {role: deployer, people: [dana]}
"""

Loader = Callable[..., Config]
Problems = Callable[..., list[str]]


@pytest.fixture
def loaded(tmp_path: Path) -> Loader:
    """Load texts as files a.yaml, b.yaml, ... of one folder; the first is `RIGHT`."""

    def run(*texts: str, first: str = RIGHT, environ: dict[str, str] | None = None) -> Config:
        paths = []
        for letter, text in zip("abcdef", (first, *texts), strict=False):
            paths.append(tmp_path / f"{letter}.yaml")
            paths[-1].write_text(text, encoding="utf-8")
        return load(paths, {"TOKEN": "t0ken"} if environ is None else environ)

    return run


@pytest.fixture
def problems(loaded: Loader, tmp_path: Path) -> Problems:
    """The problems of the same, as lines without the folder's name."""

    def run(*texts: str, **options: str) -> list[str]:
        with pytest.raises(ConfigInvalid) as caught:
            loaded(*texts, **options)
        return [str(each).replace(f"{tmp_path}/", "") for each in caught.value.problems]

    return run
