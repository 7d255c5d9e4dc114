"""The web server with a webhook, and what it took."""

from collections.abc import Sequence
from typing import Any

from bot.web.server import SECRET_HEADER, Webhook, WebServer

SECRET = "right-secret"


HEADERS = {SECRET_HEADER: SECRET}


class Taken(list[dict[str, Any]]):
    async def __call__(self, updates: Sequence[dict[str, Any]]) -> None:
        self.extend(updates)


def server(taken: Taken, **options: Any) -> WebServer:
    return WebServer("127.0.0.1", 0, ready={}, webhook=Webhook("/telegram", SECRET, taken), **options)
