"""An update that Telegram brings is handed on, and who asks is told whether the bot is well."""

from aiohttp import ClientSession

from bot.web.server import WebServer
from tests.security.webhooks import HEADERS, Taken, server


async def test_an_update_is_handed_on() -> None:
    taken = Taken()
    async with server(taken) as web, ClientSession(web.url) as client:
        assert (await client.post("/telegram", json={"update_id": 1}, headers=HEADERS)).status == 200
    assert taken == [{"update_id": 1}]


async def test_readiness_names_what_does_not_work() -> None:
    async def down() -> str:
        return "Telegram does not answer"

    async with WebServer("127.0.0.1", 0, ready={"telegram": down}) as web, ClientSession(web.url) as client:
        answer = await client.get("/readyz")
        assert (answer.status, await answer.text()) == (503, "telegram: Telegram does not answer\n")
        assert (await client.get("/healthz")).status == 200
        assert "python_info" in await (await client.get("/metrics")).text()
