"""A sample world whose cluster holds the bot to its rights, and `pilothouse rbac` as its administrator runs it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.rbac.printing import Account as ServiceAccount
from bot.rbac.printing import Form, rbac
from bot.sandbox.world import SandboxWorld
from tests.installed import open_world
from tests.rbac.accounts import Account, account
from tests.worlds import QUICK


@dataclass(frozen=True)
class Held:
    """The world, and the bot's account in it."""

    sandbox: SandboxWorld
    account: Account
    folder: Path

    def reached(self, **more: Any) -> dict[str, Any]:
        """The configuration to lay over the sample's, by which the bot comes as its account."""
        return {"clusters": {"main": {"kubeconfig": str(self.account.kubeconfig)}}, **more}

    async def printed(
        self, laid_over: dict[str, Any] | None = None, form: Form = "bot"
    ) -> list[dict[str, Any]]:
        """What `pilothouse rbac` prints, without a secret in the environment."""
        path = self.folder / "rbac.yaml"
        path.write_text(yaml.safe_dump(laid_over or {}), encoding="utf-8")
        out = io.StringIO()
        account = ServiceAccount("pilothouse", "pilothouse")
        assert await rbac((*self.sandbox.configs, path), {}, account, "", form, out) == 0
        return list(yaml.safe_load_all(out.getvalue()))


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[Held]:
    async with (
        open_world(tmp_path, pace=QUICK) as sandbox,
        account(sandbox.servers.cluster, tmp_path) as mine,
    ):
        yield Held(sandbox, mine, tmp_path)
