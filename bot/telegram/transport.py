"""The way to the Bot API: python-telegram-bot over aiohttp, which answers sooner for a third of the CPU.

The token is put into the address here, on the wire, and nowhere else: python-telegram-bot only ever holds a
placeholder, so no exception, log or repr of its can carry the real one. It is read again when it is refused.
"""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import BytesPayload, ClientError, ClientSession, ClientTimeout, FormData, TCPConnector
from telegram import Bot
from telegram.error import InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.clock import Clock
from bot.config import SecretMissing

__all__ = ["Bot", "Me", "TokenRefused", "Transport", "connect", "introduce", "seconds"]

log = structlog.get_logger(__name__)

PLACEHOLDER = "0:token"
"""What python-telegram-bot takes for the token."""
HIDDEN = b"***"
CONNECT = 10.0
READ = 30.0
UPLOAD = 120.0
"""Seconds that a request with files may take: 50 MB over a slow line."""
CONNECTIONS = 64
FORM = "application/x-www-form-urlencoded"
WHICH = ("message_id", "date", "chat")
"""What of a message says which it is."""


class TokenRefused(Exception):
    """Telegram does not know the bot's token."""

    def __init__(self) -> None:
        super().__init__("Telegram refused the bot's token: check telegram.token (BotFather shows it)")


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself, as getMe tells."""

    id: int
    username: str
    name: str


class Transport(BaseRequest):
    """python-telegram-bot's requests on one aiohttp session."""

    def __init__(
        self,
        token: Callable[[], str],
        *,
        proxy: str | None = None,
        ca_file: Path | None = None,
        read_timeout: float = READ,
    ) -> None:
        self._read_token = token
        self._token = token()
        self._proxy = proxy
        self._ca_file = ca_file
        self._read_timeout = read_timeout
        self._session: ClientSession | None = None
        self.date = ""
        """The server's `Date` in its newest answer."""

    @property
    def read_timeout(self) -> float:
        return self._read_timeout

    async def initialize(self) -> None:
        if self._session is not None:
            return
        secured = await asyncio.to_thread(
            ssl.create_default_context, cafile=str(self._ca_file) if self._ca_file else None
        )
        if self._proxy is None or not self._proxy.startswith("socks"):
            connector = TCPConnector(ssl=secured, limit=CONNECTIONS)
            self._session = ClientSession(connector=connector, proxy=self._proxy)
            return
        from aiohttp_socks import ProxyConnector  # few have such a proxy, and it takes time to import

        self._session = ClientSession(
            connector=ProxyConnector.from_url(self._proxy, ssl=secured, limit=CONNECTIONS)
        )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One request; a refused token is read again and tried once more where it changed.

        Raises: TimedOut, NetworkError, without any address in their texts.
        """
        limits = self._limits(read_timeout, write_timeout, connect_timeout, request_data)
        token = self._token
        code, body = await self._once(url, token, method, request_data, limits)
        if code in (401, 404) and (fresh := await self._token_after(token)) != token:
            code, body = await self._once(url, fresh, method, request_data, limits)
        return code, body

    def _limits(self, read: Any, write: Any, connect: Any, data: RequestData | None) -> ClientTimeout:
        unset = BaseRequest.DEFAULT_NONE
        reading = self._read_timeout if read is unset else read
        writing = (UPLOAD if data is not None and data.contains_files else 0.0) if write is unset else write
        connecting = CONNECT if connect is unset else connect
        bounds = (reading, writing, connecting)
        total = None if None in bounds else sum(bounds)
        return ClientTimeout(total=total, sock_connect=connecting, sock_read=None)

    async def _once(
        self, url: str, token: str, method: str, data: RequestData | None, limits: ClientTimeout
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise NetworkError("the connection to Telegram is closed")
        address = url.replace(PLACEHOLDER, token, 1)
        trouble: NetworkError
        try:
            async with self._session.request(
                method, address, data=_form(data), timeout=limits, allow_redirects=False
            ) as answer:
                self.date = answer.headers.get("Date", "")
                return answer.status, _without(token, await answer.read())
        except TimeoutError:
            trouble = TimedOut("Telegram did not answer in time")
        except (ClientError, OSError, ValueError) as error:
            trouble = NetworkError(f"Telegram can't be reached ({_reason(error)})")
        raise trouble  # out here it has no context: aiohttp's own errors hold the address, and so the token

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """An answer; of a message that was sent or edited only which one it is.

        Nobody reads more of it, and python-telegram-bot would make objects of all that it says, which takes longer
        than sending it did.
        """
        answer: dict[str, Any] = BaseRequest.parse_json_payload(payload)
        result = answer.get("result")
        if isinstance(result, dict) and "message_id" in result and "chat" in result:
            answer["result"] = {name: result[name] for name in WHICH if name in result}
        return answer

    async def _token_after(self, refused: str) -> str:
        """The token as it is now, after Telegram refused one; the same while its file is being replaced."""
        try:
            self._token = await asyncio.to_thread(self._read_token)
        except SecretMissing as error:
            log.warning("the bot's token can't be read again", error=str(error))
        if self._token != refused:
            log.info("Telegram refused the bot's token; a new one was read")
        return self._token


def _without(token: str, body: bytes) -> bytes:
    """A body as it may be quoted: error pages of proxies name the address that was asked for."""
    secret = token.partition(":")[2] or token
    return body.replace(secret.encode(), HIDDEN) if secret else body


def _reason(error: BaseException) -> str:
    # Texts of aiohttp may name the address, and with it the token; a kind and a system error can't.
    system = getattr(error, "os_error", error)
    words = system.strerror if isinstance(system, OSError) else None
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _form(data: RequestData | None) -> FormData | BytesPayload | None:
    if data is None:
        return None
    if not data.contains_files:  # as FormData has it, in a quarter of the time
        return BytesPayload(urlencode(data.json_parameters).encode(), content_type=FORM)
    form = FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form


@asynccontextmanager
async def connect(
    token: Callable[[], str],
    *,
    api_url: str = "https://api.telegram.org",
    proxy: str | None = None,
    ca_file: Path | None = None,
) -> AsyncIterator[Bot]:
    """python-telegram-bot's Bot on our transport, closed at the end; makes no request by itself.

    `token` is asked at the start and whenever Telegram refuses the one before. `proxy` is http:// or socks5://.
    """
    transport = Transport(token, proxy=proxy, ca_file=ca_file)
    root = api_url.rstrip("/")
    bot = Bot(
        PLACEHOLDER,
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=transport,
        get_updates_request=transport,
    )
    await transport.initialize()
    try:
        yield bot
    finally:
        await transport.shutdown()


async def introduce(bot: Bot, clock: Clock) -> Me:
    """Ask Telegram who the bot is, for as long as it takes to get an answer.

    Raises: TokenRefused.
    """
    wait = 1.0
    while True:
        try:
            user = await bot.get_me()
            return Me(user.id, user.username or "", user.first_name)
        except InvalidToken:
            raise TokenRefused from None
        except RetryAfter as error:
            wait = seconds(error)
        except NetworkError as error:
            log.warning("Telegram does not answer yet", error=str(error), again_in=wait)
        await clock.sleep(wait)
        wait = min(30.0, wait * 2)


def seconds(refused: RetryAfter) -> float:
    """How long Telegram asks to wait."""
    with warnings.catch_warnings():  # it warns that the type will change; both are taken here
        warnings.simplefilter("ignore")
        after = refused.retry_after
    return float(after) if isinstance(after, int) else after.total_seconds()
