"""What the registry refuses, with the status and code that the distribution specification has for it."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web


class Refused(Exception):
    """A request that is answered with an error; several words of one code are several errors."""

    def __init__(self, status: int, code: str, *words: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code, *words)
        self.status = status
        self.code = code
        self.words = words
        self.headers = headers

    def answer(self) -> web.Response:
        errors = [{"code": self.code, "message": words, "detail": None} for words in self.words]
        return web.json_response({"errors": errors}, status=self.status, headers=self.headers)
