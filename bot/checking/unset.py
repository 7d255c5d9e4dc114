"""Secrets that can't be read: all of them at once, each with the file and line that names it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.checking.lines import Answer, Finding, Group, Question
from bot.config import Config, SecretMissing
from bot.config.located import VARIABLE, Located
from bot.config.reading import Key, merge, read
from bot.config.secrets import FILE_SUFFIX
from bot.current import secrets_of


def group(config: Config, paths: Sequence[Path], environ: Mapping[str, str]) -> Group:
    """One question for all of them: a secret that is read is no line of its own."""

    async def ask() -> Answer:
        return await asyncio.to_thread(_unreadable, config, paths, environ)

    return Group("Secrets", [Question("secrets", ask)])


def _unreadable(config: Config, paths: Sequence[Path], environ: Mapping[str, str]) -> Answer:
    named = {each.source: each for each in (*secrets_of(config), config.store)}
    places = _places(paths, environ)
    lines = []
    for source, secret in named.items():
        try:
            secret.read()
        except SecretMissing as error:
            where = ", ".join(places.get(source, ())) or "the configuration"
            mend = _mend(source)
            lines.append(Finding("wrong", f"secret {source}", f"{error}; named in {where}: {mend}"))
    return lines or f"{len(named)} can be read"


def _mend(source: str) -> str:
    variables = VARIABLE.findall(source)
    return f"set {' and '.join(variables)} in the bot's environment" if variables else "put it there"


def _places(paths: Sequence[Path], environ: Mapping[str, str]) -> Mapping[str, list[str]]:
    """Where each source of a secret is named: `config.yaml:12 (apps.shop.secrets.db.password)`."""
    found: dict[str, list[str]] = defaultdict(list)
    whole = merge([read(path.absolute(), environ) for path in paths])
    for at, text in _scalars(whole.data, ()):
        place = f"{text.mark.file}:{text.mark.line} ({'.'.join(map(str, at))})"
        if str(at[-1]).endswith(FILE_SUFFIX):
            found[str(text.folder / Path(text).expanduser())].append(place)
        elif variables := VARIABLE.findall(text.raw):
            found[" ".join(f"${{{name}}}" for name in variables)].append(place)
    return found


def _scalars(data: Any, at: Key) -> Iterator[tuple[Key, Located]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _scalars(value, (*at, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _scalars(value, (*at, index))
    elif isinstance(data, Located) and at:
        yield at, data
