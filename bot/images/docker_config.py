"""Logins as Docker keeps them: `auths`, `credHelpers` and `credsStore` of a config.json, read at each use.

So the bot shares what `docker login` or a cloud's credential helper renews, which often lasts hours only. Helpers
are programs (`docker-credential-…`): they run where the configuration allows it (security.md, row 28), and speak
the protocol of docker/docker-credential-helpers.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot import programs
from bot.images.access import Account
from bot.images.errors import RegistryRefused, RegistryUnreachable
from bot.images.wording import one_line

LARGEST = 1 << 20
"""Bytes of the file, and of a helper's answer."""

SECONDS = 20.0
"""The longest that a helper may take: those of clouds ask a service for a token."""

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_HUB_KEY = "https://index.docker.io/v1/"
"""Under which Docker keeps the login for its own registry."""
_NOT_FOUND = "credentials not found"
"""How helpers say that they know nobody there."""
_TOKEN = "<token>"  # noqa: S105 - the name that stands for one
"""The username that says that the secret beside it is an identity token."""


@dataclass(frozen=True)
class DockerConfig:
    """The login that a config.json has for `host`. `variables` are what helpers get besides PATH and HOME."""

    path: Path
    host: str
    allow_exec: bool = False
    variables: Mapping[str, Callable[[], str]] = field(default_factory=dict, repr=False)

    async def account(self) -> Account | None:
        """Who is logged in now; None when nobody is.

        Raises: RegistryRefused (no such file, not readable as one, a helper that may not run or failed),
        RegistryUnreachable (a helper that took too long).
        """
        content = await asyncio.to_thread(self._read)
        helper = _mapping(content.get("credHelpers")).get(self._key(content, "credHelpers"))
        helper = helper or content.get("credsStore")
        if helper:
            return await self._helped(str(helper), content)
        entry = _mapping(_mapping(content.get("auths")).get(self._key(content, "auths")))
        return self._of_entry(entry)

    def _read(self) -> dict[str, Any]:
        try:
            with self.path.open("rb") as file:
                data = file.read(LARGEST + 1)
            content = json.loads(data) if len(data) <= LARGEST else None
        except OSError as error:
            raise RegistryRefused(
                f"The docker config {self.path} can't be read: {error.strerror}."
            ) from error
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise RegistryRefused(f"The docker config {self.path} is no JSON object.")
        return content

    def _key(self, content: Mapping[str, Any], section: str) -> str:
        """Under which name the section has the host: Docker writes URLs, others plain hosts."""
        wanted = _HUB if self.host in _HUB else {self.host}
        for key in _mapping(content.get(section)):
            if re.sub(r"^https?://", "", key).partition("/")[0] in wanted:
                return str(key)
        return ""

    def _of_entry(self, entry: Mapping[str, Any]) -> Account | None:
        try:
            pair = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode()
        except (binascii.Error, ValueError):
            raise RegistryRefused(
                f"The docker config {self.path} has an auth for {self.host} that is not base64."
            ) from None
        username, _, password = pair.partition(":")
        username = username or str(entry.get("username") or "")
        password = password.rstrip("\0") or str(entry.get("password") or "")
        token = entry.get("identitytoken")
        if isinstance(token, str) and token:
            return Account(username or _TOKEN, "", token)
        return Account(username, password) if username and password else None

    async def _helped(self, helper: str, content: Mapping[str, Any]) -> Account | None:
        if not _HELPER.fullmatch(helper):
            raise RegistryRefused(f"The docker config {self.path} names a helper that is no plain name.")
        name = f"docker-credential-{helper}"
        if not self.allow_exec:
            raise RegistryRefused(
                f"The docker config {self.path} wants to run {name} for {self.host}: "
                "allow_exec: true under that registry lets it."
            )
        asked = self._key(content, "auths") or (_HUB_KEY if self.host in _HUB else self.host)
        ended = await self._run(name, asked)
        if ended.status != 0:
            said = f"{ended.output.decode(errors='replace')} {ended.words}"
            if _NOT_FOUND in said.lower():
                return None
            raise RegistryRefused(f"{name} gives no login for {self.host}: {one_line(said, longest=160)}")
        return _answered(ended.output, name, self.host)

    async def _run(self, name: str, asked: str) -> programs.Finished:
        environment = {each: os.environ[each] for each in ("PATH", "HOME") if each in os.environ}
        given = await asyncio.to_thread(lambda: {key: read() for key, read in self.variables.items()})
        try:
            return await programs.run(
                name,
                "get",
                environment={**environment, **given},
                seconds=SECONDS,
                folder=self.path.parent,
                stdin=asked.encode(),
                largest=LARGEST,
            )
        except programs.OutOfTime:
            raise RegistryUnreachable(f"{name} did not answer within {SECONDS:.0f} s.") from None
        except programs.TooMuch:
            raise RegistryRefused(f"{name} answers with more than a login.") from None
        except OSError as error:
            raise RegistryRefused(
                f"{name}, which {self.path} names, can't be run: {error.strerror}. Install it on the bot's machine."
            ) from error


def _answered(output: bytes, name: str, host: str) -> Account | None:
    try:
        found = json.loads(output)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("Secret"), str):
        raise RegistryRefused(f"{name} answers for {host} with something that is no login.")
    username, secret = str(found.get("Username") or ""), found["Secret"]
    if not secret:
        return None
    return Account(username, "", secret) if username == _TOKEN else Account(username, secret)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
