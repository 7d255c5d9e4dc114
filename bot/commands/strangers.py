"""Who was met with silence, as an admin sees them: those whom nobody let in since, and the lines that would."""

from collections.abc import Collection, Sequence

from bot.commands.services import Services
from bot.config import Config
from bot.permissions import Policy, Sender, known
from bot.store import newcomers
from bot.store.tables import NewcomerRow
from bot.telegram.pasting import Entry, chat_entry, person_entry, topic_key


async def still_unknown(services: Services) -> Sequence[NewcomerRow]:
    """Who wrote lately and is not known yet, who wrote last first."""
    async with services.database.read() as session:
        rows = await newcomers.lately(session)
    policy = services.policy()
    return [row for row in rows if not _is_known(row, policy)]


def _is_known(row: NewcomerRow, policy: Policy) -> bool:
    return row.kind == "person" and known(Sender(row.person_id, chat_id=row.chat_id), policy)


def lines_for(rows: Collection[NewcomerRow], config: Config) -> list[str]:
    """The sections `people` and `chats` that name what is not configured of these."""
    people, chats = _people(rows, config), _chats(rows, config)
    lines = ["people:", *(line for entry in people for line in entry.lines())] if people else []
    return lines + (["chats:", *(line for entry in chats for line in entry.lines())] if chats else [])


def chat_ids(config: Config) -> set[int | str]:
    """The chats that are configured."""
    return {chat.id for chat in config.chats.values()}


def _people(rows: Collection[NewcomerRow], config: Config) -> list[Entry]:
    entries: dict[int, Entry] = {}
    for row in rows:
        if row.kind == "person" and row.person_id not in entries:
            taken = {*config.people, *(entry.key for entry in entries.values())}
            entries[row.person_id] = person_entry(row.person_id, row.name, taken, row.username)
    return list(entries.values())


def _chats(rows: Collection[NewcomerRow], config: Config) -> list[Entry]:
    titles: dict[int, str] = {}
    topics: dict[int, dict[str, int]] = {}
    for row in rows:
        if row.chat_kind in ("group", "supergroup") and row.chat_id not in chat_ids(config):
            titles.setdefault(row.chat_id, row.chat_title)
            if row.topic is not None:
                topics.setdefault(row.chat_id, {})[topic_key(row.topic)] = row.topic
    entries: list[Entry] = []
    for chat_id, title in titles.items():
        taken = {*config.chats, *(entry.key for entry in entries)}
        entries.append(chat_entry(chat_id, title, topics.get(chat_id), taken))
    return entries
