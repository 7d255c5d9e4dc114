"""The command menus: what Telegram proposes as one types "/", to match what each person may do."""

from collections.abc import Callable, Iterator

from bot.commands.declaring import COMMANDS, KNOWN, Declared
from bot.config import Config
from bot.permissions import Person, Place, Policy, may
from bot.telegram.menu import Commands, Menu

_NOBODY = Person(0, None, "")
"""Somebody whom no binding names: what they have, they have by the chat."""


def menus(config: Config, policy: Policy, chat_id: Callable[[str], int | None]) -> Iterator[Menu]:
    """What everyone has in their private chat and in each group; `chat_id` knows chats by name.

    Where a whole chat has rights, its menu is for all in it; who has others there gets one of their own.
    """
    groups = [number for name in _groups(config) if (number := chat_id(name)) is not None]
    everyone = {number: _given(_NOBODY, config, policy, number) for number in groups if _has(policy, number)}
    for number, commands in everyone.items():
        yield Menu(number, commands)
    for person in _people(policy):
        yield Menu(person.id, _given(person, config, policy, person.id))
        for number in groups:
            commands = _given(person, config, policy, number)
            if commands != everyone.get(number):
                yield Menu(number, commands, person.id)


def _groups(config: Config) -> list[str]:
    """The chats where people write: one that only announces is a channel."""
    announces = [each.announce for each in config.environments.values() if each.announce is not None]
    channels = {name for announce in announces for name in announce.channels}
    spoken = {name for binding in config.bindings for name in binding.chats}
    spoken |= {announce.review_chat for announce in announces if announce.review_chat is not None}
    return [
        name for name, chat in config.chats.items() if name not in channels or name in spoken or chat.topics
    ]


def _has(policy: Policy, chat_id: int) -> bool:
    return any(chat_id in grant.chats for grant in policy.grants)


def _people(policy: Policy) -> list[Person]:
    """Who has an entry, and who is bound by a bare id."""
    ids = dict.fromkeys((*policy.people, *(each for grant in policy.grants for each in sorted(grant.people))))
    return [policy.people.get(each) or Person(each, None, str(each)) for each in ids]


def _given(person: Person, config: Config, policy: Policy, chat_id: int) -> Commands:
    known: dict[str, bool] = {}  # several commands ask for the same right
    for declared in COMMANDS.values():
        if declared.permission not in known:
            known[declared.permission] = usable(person, declared, config, policy, chat_id)
    return tuple((each.name, each.summary) for each in COMMANDS.values() if known[each.permission])


def usable(
    person: Person, declared: Declared, config: Config, policy: Policy, chat_id: int | None = None
) -> bool:
    """Whether the person may use a command anywhere."""
    permission = declared.permission
    if permission == KNOWN or may(person, permission, Place(chat_id=chat_id), policy).allowed:
        return True
    return any(
        may(person, permission, Place(target.app.name, target.environment.name, chat_id), policy).allowed
        for target in config.targets()
    )
