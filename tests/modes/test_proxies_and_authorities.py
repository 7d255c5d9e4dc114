"""Telegram and the cluster behind proxies and certificates of one's own, in a whole deploy.

Registries and git have theirs in tests/images."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from bot.sandbox.world import SandboxWorld
from tests.images.git_server import certified
from tests.modes.opening import bot_in, talks
from tests.modes.relays import Proxy, http_proxy, socks_proxy, tls_front

Open = Callable[[Any], AbstractAsyncContextManager[Proxy]]


@pytest.mark.parametrize(("scheme", "opened"), [("http", http_proxy), ("socks5", socks_proxy)])
async def test_telegram_is_reached_through_a_proxy(
    sandbox: SandboxWorld, tmp_path: Path, scheme: str, opened: Open
) -> None:
    there = urlsplit(sandbox.servers.telegram.url).netloc
    async with opened({"telegram.invalid:80": there, "telegram.invalid": there}) as proxy:
        telegram = {"api_url": "http://telegram.invalid", "proxy": f"{scheme}://{proxy.host}"}
        async with bot_in(sandbox, tmp_path, {"telegram": telegram}) as world:
            await talks(world)
    assert proxy.asked


@pytest.mark.parametrize("opened", [None, http_proxy, socks_proxy])
async def test_telegram_behind_a_certificate_of_one_s_own_is_trusted_by_its_ca_file(
    sandbox: SandboxWorld, tmp_path: Path, opened: Open | None
) -> None:
    context = certified(tmp_path)
    async with tls_front(context, urlsplit(sandbox.servers.telegram.url).netloc) as front:
        telegram: dict[str, Any] = {
            "api_url": f"https://{front}",
            "ca_file": str(tmp_path / "certificate.pem"),
        }
        if opened is None:
            async with bot_in(sandbox, tmp_path, {"telegram": telegram}) as world:
                await talks(world)
            return
        async with opened({front: front}) as proxy:
            telegram["proxy"] = f"{'http' if opened is http_proxy else 'socks5'}://{proxy.host}"
            async with bot_in(sandbox, tmp_path, {"telegram": telegram}) as world:
                world.dana.says("/whoami", chat="private")
                await world.sees("Your id 1002", chat="private")
        assert set(proxy.asked) == {front}


@pytest.mark.parametrize(("scheme", "opened"), [("http", http_proxy), ("socks5", socks_proxy)])
async def test_the_cluster_behind_its_own_certificate_is_reached_through_a_proxy(
    sandbox: SandboxWorld, tmp_path: Path, scheme: str, opened: Open
) -> None:
    """By the client that watches and by Helm alike."""
    kubeconfig = yaml.safe_load(sandbox.kubeconfig.read_text(encoding="utf-8"))
    here = urlsplit(kubeconfig["clusters"][0]["cluster"]["server"]).netloc
    async with tls_front(certified(tmp_path), here) as front, opened({front: front}) as proxy:
        kubeconfig["clusters"][0]["cluster"]["server"] = f"https://{front}"
        (tmp_path / "behind").write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
        cluster = {
            "kubeconfig": str(tmp_path / "behind"),
            "proxy": f"{scheme}://{proxy.host}",
            "ca_file": str(tmp_path / "certificate.pem"),
        }
        async with bot_in(sandbox, tmp_path, {"clusters": {"main": cluster}}) as world:
            await talks(world)
    assert set(proxy.asked) == {front}


@pytest.mark.parametrize(("scheme", "opened"), [("http", http_proxy), ("socks5", socks_proxy)])
async def test_a_registry_behind_its_own_certificate_is_reached_through_a_proxy(
    sandbox: SandboxWorld, tmp_path: Path, scheme: str, opened: Open
) -> None:
    async with (
        tls_front(certified(tmp_path), sandbox.servers.registry.host) as front,
        opened({front: front}) as proxy,
    ):
        access = {"proxy": f"{scheme}://{proxy.host}", "ca_file": str(tmp_path / "certificate.pem")}
        extra = {"registries": {front: access}, "apps": {"shop": {"image": f"{front}/shop"}}}
        async with bot_in(sandbox, tmp_path, extra) as world:
            world.dana.says("/deploy shop v1.3 staging", chat="private")
            await world.sees("Plan: shop → staging v1.3", chat="private")
    assert set(proxy.asked) == {front}
