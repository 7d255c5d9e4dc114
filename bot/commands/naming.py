"""Which person is meant: by key, name or id, as people write them in a command. Pure."""

from collections.abc import Sequence

from bot.commands.arguments import nearest
from bot.permissions import Person, Policy


def people_of(policy: Policy) -> list[Person]:
    """Everybody whom a configuration names, also those who are bound by a bare id."""
    ids = dict.fromkeys((*policy.people, *(each for grant in policy.grants for each in sorted(grant.people))))
    return [policy.people.get(each) or Person(each, None, str(each)) for each in ids]


def named(words: str, policy: Policy) -> tuple[Sequence[Person], str]:
    """Whom `words` begin with, and the words after that: nobody, or several where names are shared."""
    found: dict[Person, int] = {}
    for person in people_of(policy):
        fitting = [len(name) for name in _names(person) if _begins(words, name)]
        if fitting:
            found[person] = max(fitting)
    longest = max(found.values(), default=0)
    return [person for person, length in found.items() if length == longest], words[longest:].strip()


def nearest_person(word: str, policy: Policy) -> str | None:
    """The key or name that is most like a word; None when none is near, or for a number: near ones are others'."""
    names = {name for person in people_of(policy) for name in (person.key, person.name) if name}
    return None if word.isdecimal() else nearest(word, names)


def example_key(who: Person, policy: Policy) -> str:
    """Somebody to name in an example, rather than the one who reads it."""
    keys = [person.key for person in people_of(policy) if person.key and person.id != who.id]
    return keys[0] if keys else "dana"


def _names(person: Person) -> list[str]:
    return [name for name in (person.key, person.name, str(person.id)) if name]


def _begins(words: str, name: str) -> bool:
    rest = words[len(name) :]
    return words[: len(name)].casefold() == name.casefold() and (not rest or not rest[0].isalnum())
