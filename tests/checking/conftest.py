"""`pilothouse check` as an operator runs it, in a sample world that is changed before."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.checking import check
from bot.sandbox.world import SandboxWorld
from tests.installed import open_world
from tests.worlds import QUICK, MovableClock

MARKS = ("ok", "note", "wrong")


@dataclass(frozen=True)
class Report:
    """What was printed."""

    code: int
    text: str

    def line(self, about: str, mark: str = "") -> str:
        """The first line about it, without its mark; of that mark alone, where one is given."""
        for each in self.text.splitlines():
            found, _, rest = each.strip().partition(" ")
            is_about = found in MARKS and rest.strip().startswith(f"{about}: ")
            if is_about and mark in ("", found):
                return rest.strip().removeprefix(f"{about}: ")
        raise AssertionError(f"no {mark} line about {about!r} in:\n{self.text}")

    @property
    def wrong(self) -> list[str]:
        """What the lines that are wrong are about."""
        lines = [each.strip() for each in self.text.splitlines()]
        return [each[5:].strip().partition(": ")[0] for each in lines if each.startswith("wrong ")]

    def documents(self) -> list[dict[str, Any]]:
        """The Roles that it printed."""
        _, _, rest = self.text.partition("\n---\n")
        return list(yaml.safe_load_all(rest.partition("\n...\n")[0])) if rest else []


@dataclass
class Checked:
    """The world, and `check` in it."""

    sandbox: SandboxWorld
    folder: Path
    clock: MovableClock = field(default_factory=MovableClock)

    async def __call__(
        self, laid_over: Mapping[str, Any] | None = None, *, environ: Mapping[str, str] | None = None
    ) -> Report:
        path = self.folder / "more.yaml"
        path.write_text(yaml.safe_dump(dict(laid_over or {}), sort_keys=False), encoding="utf-8")
        out = io.StringIO()
        variables = dict(self.sandbox.secrets) if environ is None else environ
        code = await check((*self.sandbox.configs, path), variables, out, clock=self.clock)
        return Report(code, out.getvalue())


@pytest.fixture
async def checked(tmp_path: Path) -> AsyncIterator[Checked]:
    async with open_world(tmp_path, pace=QUICK) as sandbox:
        yield Checked(sandbox, tmp_path)
