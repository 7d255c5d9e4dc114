"""The switches beside the chat, and the truth that is told there."""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from bot.sandbox.running import Ports, started
from bot.sandbox.servers import TOKEN
from tests.page.phones import LONGEST, open_phone
from tests.page.sites import DANA, Site, Stream

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWN = """
telegram: {token_file: token}
chats: {}
people:
  dana: {id: 1002, name: Dana}
bindings:
  - {role: admin, people: [dana]}
"""
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "shop-x2k4p",
        "labels": {"app.kubernetes.io/instance": "shop", "app.kubernetes.io/name": "microservice"},
    },
    "spec": {"containers": [{"name": "shop", "image": "registry/shop:v1.3"}]},
}


async def _api(site: Site, method: str, path: str, **options: object) -> int:
    """The status that the cluster's API answers a client with."""
    url = site.sandbox.servers.cluster.url + path
    headers = {"Authorization": "Bearer sandbox"}
    async with site.http.request(method, url, headers=headers, **options) as response:  # type: ignore[arg-type]  # json and the like
        return response.status


async def _turn(site: Site, name: str, *, on: bool) -> None:
    assert await site.post("/api/switch", name=name, on=on) == (200, {})


async def test_the_switches_tell_how_they_stand(site: Site) -> None:
    async with site.stream() as stream, site.stream("eve") as other:
        first = next(each for each in stream.heard if each["type"] == "switches")
        await _turn(site, "telegram", on=True)
        told = [await each.until("switches") for each in (stream, other)]
        await _turn(site, "telegram", on=False)
    names = [each["name"] for each in first["switches"]]
    assert names == ["image:shop", "image:blog", "cluster", "telegram", "bot"]
    assert not any(each["on"] for each in first["switches"])
    assert [each["name"] for each in told[0]["switches"] if each["on"]] == ["telegram"]
    assert told[0] == told[1]


async def test_the_newest_version_is_broken_and_whole_again(site: Site) -> None:
    behaviours = site.sandbox.servers.behaviours
    image = f"{site.sandbox.servers.registry.host}/shop:v1.3"
    assert behaviours.of(image) == "ok"
    await _turn(site, "image:shop", on=True)
    assert behaviours.of(image) == "crash"
    await _turn(site, "image:shop", on=False)
    assert behaviours.of(image) == "ok"


async def test_the_cluster_is_away_until_it_is_brought_back(site: Site) -> None:
    assert await _api(site, "GET", "/version") == 200
    async with site.stream() as stream:
        await _turn(site, "cluster", on=True)
        told = await stream.until("truth")
        assert {each["error"] for each in told["environments"]} == {"The API server does not answer"}
        with pytest.raises(aiohttp.ClientConnectionError):
            await _api(site, "GET", "/version")
        await _turn(site, "cluster", on=False)
        told = await stream.until("truth")
        assert {each["error"] for each in told["environments"]} == {None}
    assert await _api(site, "GET", "/version") == 200


async def test_a_finger_takes_the_cluster_away_and_brings_it_back(site: Site, browser: Browser) -> None:
    cluster = site.sandbox.servers.cluster
    async with open_phone(browser, site.page.url, "dana") as phone:
        await phone.tap(phone.page.locator("#chats .to-truth"))
        switch = phone.page.locator("#truth [role=switch][data-switch=cluster]")
        await phone.tap(switch)
        error = phone.page.locator("#truth", has_text="The API server does not answer")
        await expect(error).to_be_visible(timeout=LONGEST)
        assert cluster.is_down
        await phone.tap(switch)
        await expect(error).to_have_count(0, timeout=LONGEST)
        assert not cluster.is_down


async def test_telegram_refuses_what_the_bot_sends_and_still_tells_it_what_people_say(site: Site) -> None:
    telegram = f"{site.sandbox.servers.telegram.url}/bot{TOKEN}"
    await site.bot("deleteWebhook", drop_pending_updates=True)
    await _turn(site, "telegram", on=True)
    async with site.http.post(f"{telegram}/sendMessage", json={"chat_id": DANA, "text": "hi"}) as response:
        assert response.status == 429
        assert (await response.json())["parameters"] == {"retry_after": 20}
    await site.says("can you hear me")
    assert (await site.bot("getUpdates"))[0]["message"]["text"] == "can you hear me"
    await _turn(site, "telegram", on=False)
    assert (await site.bot("sendMessage", chat_id=DANA, text="yes"))["text"] == "yes"


async def test_turned_twice_is_turned_once(site: Site) -> None:
    for _ in range(2):
        await _turn(site, "telegram", on=True)
    await _turn(site, "telegram", on=False)
    await site.bot("sendMessage", chat_id=DANA, text="back")


async def test_there_are_no_other_switches(site: Site) -> None:
    assert (await site.post("/api/switch", name="everything", on=True))[0] == 404
    assert (await site.post("/api/switch", name="cluster", on="yes"))[0] == 400


async def test_the_pods_of_an_environment_are_told_as_they_live_and_die(site: Site) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop-staging"}}
    async with site.stream() as stream:
        await _api(site, "POST", "/api/v1/namespaces", json=namespace)
        await _api(site, "POST", "/api/v1/namespaces/shop-staging/pods", json=POD)
        pod = await _pod(stream, "good")
        assert pod["words"].startswith("1/1 ready · ")
        assert (pod["app"], pod["namespace"]) == ("shop", "shop-staging")
        await _api(site, "DELETE", "/api/v1/namespaces/shop-staging/pods/shop-x2k4p?gracePeriodSeconds=0")
        while any(each["pods"] for each in (await stream.until("truth"))["environments"]):
            pass


async def _pod(stream: Stream, phase: str) -> dict[str, str]:
    """The pod once it is told to do so."""
    while True:
        told = await stream.until("truth")
        pods: list[dict[str, str]] = told["environments"][0]["pods"]
        if [each["phase"] for each in pods] == [phase]:
            return pods[0]


async def test_pods_in_trouble_say_which(site: Site) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "blog"}}
    async with site.stream() as stream:
        await _api(site, "POST", "/api/v1/namespaces", json=namespace)
        seen: dict[str, str] = {}
        for tag in ("v2.0-oom", "v2.0-crash", "v2.0-broken"):
            pod = {
                **POD,
                "metadata": {"name": tag},
                "spec": {"containers": [{"name": "c", "image": _image(site, tag)}]},
            }
            await _api(site, "POST", "/api/v1/namespaces/blog/pods", json=pod)
        while len(seen) < 3:
            pods = (await stream.until("truth"))["environments"][1]["pods"]
            seen |= {
                each["name"]: each["words"].partition(" ·")[0] for each in pods if each["phase"] == "bad"
            }
    assert seen == {
        "v2.0-oom": "out of memory",
        "v2.0-crash": "crashing",
        "v2.0-broken": "image cannot be pulled",
    }


def _image(site: Site, tag: str) -> str:
    return f"{site.sandbox.servers.registry.host}/shop:{tag}"


@pytest.mark.long(5)
async def test_a_killed_bot_stays_dead_until_it_is_started_and_goes_on_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    out = io.StringIO()
    starting = started(tmp_path, ports=Ports(page=0), configs=[tmp_path / "own.yaml"], out=out)
    async with starting as running, aiohttp.ClientSession() as http:
        assert running.page is not None
        assert out.getvalue().startswith(f"Chat with the bot: {running.page.url}\n")
        ended = asyncio.create_task(running.bot.ended())
        async with http.get(f"{running.page.url}/api/events?as=dana") as response:
            stream = Stream(response)
            assert (await stream.until("bot"))["up"] is True
            await _switch(http, running.page.url, on=True)
            assert (await stream.until("bot"))["up"] is False
            said = {"as": "dana", "chat": DANA, "topic": None, "text": "/whoami", "reply_to": None}
            async with http.post(f"{running.page.url}/api/say", json=said) as answer:
                assert answer.status == 200
            await _switch(http, running.page.url, on=False)
            assert (await stream.until("bot"))["up"] is True
            while not (texts := _said_by_the_bot(stream)):  # perhaps before it was known to be up
                await stream.until("message")
            assert "1002" in texts[0]
        assert not ended.done()
        ended.cancel()


def _said_by_the_bot(stream: Stream) -> list[str]:
    messages = [each["message"] for each in stream.heard if each["type"] == "message"]
    return [each["text"] for each in messages if each["from"]["kind"] == "bot"]


async def _switch(http: aiohttp.ClientSession, page: str, *, on: bool) -> None:
    async with http.post(f"{page}/api/switch", json={"name": "bot", "on": on}) as response:
        assert response.status == 200, await response.text()


async def test_a_port_that_is_taken_is_told_before_anything_starts(site: Site) -> None:
    taken = site.page.url.rpartition(":")[2]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "sandbox", "--port", taken),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    assert process.returncode == 2
    words = f"Port {taken} is taken by another program; give the page another one with --port"
    assert (out.decode(), error.decode().strip()) == ("", words)
