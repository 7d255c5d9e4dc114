"""`pilothouse ids`: who writes to the bot, as lines for a configuration that is not there yet.

It is deaf: nothing is answered, and every update is left for the bot that will run.
"""

import asyncio
import contextlib
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from sqlalchemy import make_url

from bot import logs
from bot.clock import Clock, SystemClock
from bot.commands.words import read
from bot.config import Config, SecretMissing, load
from bot.masking import Masker
from bot.operations.lease import leader
from bot.store.database import Database
from bot.telegram.incoming import Chat, NoUpdate, Source, TextMessage, Told, parse, told
from bot.telegram.overhearing import AlreadyRead, OtherReader, Update, WebhookSet, overheard
from bot.telegram.pasting import chat_entry, person_entry, topic_key
from bot.telegram.probing import account, is_read_by_another
from bot.telegram.probing import webhook as webhook_of
from bot.telegram.text import clean
from bot.telegram.transport import connect

SECTIONS = ("telegram", "store", "people", "chats")
"""What is read of the files: the rest may be missing, or wrong still."""


class BotRuns(AlreadyRead):
    """A bot leads on the configured store."""

    def __init__(self, who: str) -> None:
        super().__init__(
            f"The bot runs already ({who}): its /newcomers and /whois tell ids, or stop it first"
        )


async def ids(
    paths: Sequence[Path], environ: Mapping[str, str], lasting: float | None, out: TextIO, err: TextIO
) -> int:
    """Print a line for each person, chat and topic that writes, until a signal or for `lasting` seconds.

    Without `paths`, the token is that of the variable TELEGRAM_TOKEN.
    Raises: ConfigInvalid, SecretMissing, TokenRefused, TelegramTrouble, AlreadyRead.
    """
    logs.set_up(Masker().mask_text)
    config = await asyncio.to_thread(_begun, paths, environ)
    clock = SystemClock()
    await _refuse_beside_a_bot(config, clock)
    finds = Finds(config)
    listening = asyncio.create_task(_listen(config, clock, lasting, finds, out, err), name="listening")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, listening.cancel)
    await asyncio.wait([listening])
    if not listening.cancelled():
        listening.result()
    if not finds.any:
        err.write("Nobody wrote\n")
    return 0


def _begun(paths: Sequence[Path], environ: Mapping[str, str]) -> Config:
    """A configuration as far as it goes; without any file, the token alone."""
    if paths:
        return load(paths, environ, only=SECTIONS)
    alone = {"telegram": {"token": "${TELEGRAM_TOKEN}"}}
    return Config.model_validate(alone, context={"environ": dict(environ)})


async def _refuse_beside_a_bot(config: Config, clock: Clock) -> None:
    try:
        url = config.store.read()
    except SecretMissing:  # of a store that is only planned yet
        return
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not await asyncio.to_thread(
        Path(parsed.database or "").is_file
    ):
        return
    async with Database(url, as_it_is=True) as database:
        who = await leader(database, clock)
    if who is not None:
        raise BotRuns(who)


async def _listen(
    config: Config, clock: Clock, lasting: float | None, finds: "Finds", out: TextIO, err: TextIO
) -> None:
    telegram = config.telegram
    async with connect(
        telegram.token.read, api_url=telegram.api_url, proxy=telegram.proxy, ca_file=telegram.ca_file
    ) as bot:
        me, webhook = await account(bot), await webhook_of(bot)
        if webhook.url:
            raise WebhookSet(webhook.url)
        if await is_read_by_another(bot):
            raise OtherReader
        _say(err, f"Write to @{me.username}, and where it is a member. Nothing is answered; Ctrl-C ends.")
        if not me.hears_all:
            _say(err, f"Privacy mode: in groups it hears only commands, so write /hello@{me.username} there.")

        def blocked() -> None:
            _say(err, "100 commands wait for the bot: later ones are not shown before it has started once.")

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(lasting):
                async for update in overheard(bot, clock, _acts, blocked):
                    for line in finds.lines(found) if (found := _told(update)) else ():
                        _say(out, line)


def _say(to: TextIO, line: str) -> None:
    """Write at once: who reads along may be a program."""
    to.write(line + "\n")
    to.flush()


def _told(update: Update) -> Told | None:
    with contextlib.suppress(NoUpdate):
        return told(update)
    return None


def _acts(update: Update) -> bool:
    """Whether a bot would act on it: on all that it reads but words that are no command."""
    try:
        incoming = parse(update)
    except NoUpdate:
        return False
    return incoming is not None and not (isinstance(incoming, TextMessage) and read(incoming.text) is None)


class Finds:
    """Who and what was told of, each once."""

    def __init__(self, config: Config) -> None:
        self.any = False
        self._people = {each.id for each in config.people.values()}
        self._person_keys = set(config.people)
        self._chat_keys = {each.id: key for key, each in config.chats.items()}
        self._topics = {
            each.id: {number: name for name, number in each.topics.items()} for each in config.chats.values()
        }

    def lines(self, found: Told) -> list[str]:
        """Lines for what is new in this."""
        self.any = True
        lines = [] if found.chat.kind == "private" else self._chat_lines(found)
        if found.source.kind == "person":
            lines += self._person_lines(found.source, found.chat)
        return lines

    def _person_lines(self, person: Source, chat: Chat) -> list[str]:
        if person.id is None or person.id in self._people:
            return []
        entry = person_entry(person.id, person.name, self._person_keys, person.username)
        self._people.add(person.id)
        self._person_keys.add(entry.key)
        handle = f"@{person.username}, " if person.username else ""
        where = "in private" if chat.kind == "private" else f"in {_shown(chat)}"
        return [f"{entry.line()}  # people: {handle}{where}"]

    def _chat_lines(self, found: Told) -> list[str]:
        chat = found.chat
        topics = self._topics.get(chat.id)
        is_new = topics is None
        topics = self._topics.setdefault(chat.id, {})
        has_new_topic = found.topic is not None and found.topic not in topics
        if found.topic is not None and has_new_topic:
            topics[found.topic] = topic_key(found.topic, found.topic_name, set(topics.values()))
        if not is_new and not has_new_topic:
            return []
        names = {name: number for number, name in topics.items()}
        own = self._chat_keys.get(chat.id)
        entry = chat_entry(chat.id, chat.title, names, set(self._chat_keys.values()) - {own})
        entry = replace(entry, key=self._chat_keys.setdefault(chat.id, entry.key))
        again = "" if is_new else ", with one more topic"
        return [f"{entry.line()}  # chats: {chat.kind} {_shown(chat)}{again}"]


def _shown(chat: Chat) -> str:
    return f'"{clean(chat.title, lines=False)}"'
