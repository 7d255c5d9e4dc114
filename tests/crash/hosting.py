"""A git host that tells the bot of a push, and of the same one again until it has an answer: somebody sees to that."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.webhooks.payloads import Call

_AGAIN = 0.2
"""Seconds until the call is made again."""
_LONGEST = ClientTimeout(total=10)
"""Seconds that a host waits for its answer; GitHub does so for ten."""
_COME_AGAIN = 503
_TAKEN = 202
_TOLD_BEFORE = 200


class GitHost:
    """Makes calls while it is open."""

    def __init__(self, address: str) -> None:
        """`address` is the bot's, HOST:PORT."""
        self._address = address
        self._telling: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._client = ClientSession(f"http://{self._address}", timeout=_LONGEST)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)
        await self._client.close()

    def tells(self, webhook: str, call: Call) -> None:
        """Begin to tell of a push."""
        self._telling.append(asyncio.create_task(self._tell(webhook, call.signed())))

    def waiting(self) -> list[str]:
        """What has not been taken so far, or was refused."""
        refused = [str(task.exception()) for task in self._telling if task.done() and task.exception()]
        return refused + ["the host's call has no answer" for task in self._telling if not task.done()]

    async def _tell(self, webhook: str, call: Call) -> None:
        while (status := await self._status(webhook, call)) not in (_TAKEN, _TOLD_BEFORE):
            assert status in (0, _COME_AGAIN), f"the push was answered with {status}"
            await asyncio.sleep(_AGAIN)

    async def _status(self, webhook: str, call: Call) -> int:
        """That of the answer; 0 where none came."""
        try:
            async with self._client.post(
                f"/webhooks/{webhook}", data=call.body, headers=call.headers
            ) as answer:
                return answer.status
        except (ClientError, TimeoutError):
            return 0
