"""Files that the bot sent, as a browser may have them: it made up their names, kinds and content, so none may run."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.telegram import File

_PICTURES: Final = frozenset(["image/png", "image/jpeg", "image/gif", "image/webp"])
_LOCKED: Final = "sandbox; default-src 'none'"


def served(file: File) -> web.Response:
    """Pictures are shown, what is text is shown as plain text, anything else is for saving."""
    named = f"filename*=UTF-8''{quote(file.name, safe='')}"
    headers = {"Content-Security-Policy": _LOCKED, "Content-Disposition": f"inline; {named}"}
    if file.kind == "photo" or file.mime in _PICTURES:
        return web.Response(body=file.content, content_type=_picture(file), headers=headers)
    if _is_text(file.content):
        return web.Response(body=file.content, content_type="text/plain", charset="utf-8", headers=headers)
    headers["Content-Disposition"] = f"attachment; {named}"
    return web.Response(body=file.content, content_type="application/octet-stream", headers=headers)


def _picture(file: File) -> str:
    return file.mime if file.mime in _PICTURES else "application/octet-stream"


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False
