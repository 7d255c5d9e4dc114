"""The command menus: what Telegram proposes as one types "/", to match what each person may do."""

from collections.abc import Iterator

from bot.commands.declaring import COMMANDS, KNOWN, Declared
from bot.config import Config
from bot.permissions import Person, Place, Policy, may
from bot.telegram.menu import Menu


def menus(config: Config, policy: Policy) -> Iterator[Menu]:
    """A menu for every known person in their private chat and in each group of the configuration."""
    groups = [chat.id for chat in config.chats.values() if isinstance(chat.id, int)]
    for person in policy.people.values():
        commands = tuple(
            (declared.name, declared.summary)
            for declared in COMMANDS.values()
            if usable(person, declared, config, policy)
        )
        yield Menu(person.id, commands)
        for group in groups:
            yield Menu(group, commands, person.id)


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
