"""/newcomers and /whois: who is not known yet, who somebody is, and the lines that let them in."""

from typing import Any

from bot.commands.arguments import NO_REST, Rest
from bot.commands.ask import Ask
from bot.commands.choices import Choice, copying, run
from bot.commands.declaring import command
from bot.commands.naming import example_key, named, nearest_person, people_of
from bot.commands.strangers import chat_ids, lines_for, still_unknown
from bot.config import VIEWS
from bot.permissions import Person, summary, words_for
from bot.telegram.incoming import Source
from bot.telegram.pasting import chat_entry, person_entry

PAGE = 5
"""Newcomers on a screen: each has two lines, and their lines to paste."""

HIDDEN = {
    "bot": "A bot: bots never act here",
    "anonymous": "An anonymous admin: Telegram hides who. Nobody acts here without their own name",
    "channel": "A channel: it may be announced in, it never acts",
    "chat": "Written in a chat's name: it never acts",
    "hidden": "Hides their account in forwards. Answer a message of their own",
}
"""What is no person that could be let in."""


@command("newcomers", permission="person.view", example="/newcomers", group="Rights")
async def newcomers(ask: Ask) -> None:
    """Who wrote lately and is not known, with the lines to let them in."""
    rows = await still_unknown(ask.services)
    shown = rows[ask.skip : ask.skip + PAGE]
    lines = lines_for(shown, ask.config)
    choices = copying("Copy the lines", "\n".join(lines)) if lines else []
    if ask.skip:
        choices.append(run("‹ Back", "/newcomers", skip=max(0, ask.skip - PAGE)))
    if len(rows) > ask.skip + PAGE:
        choices.append(run("More", "/newcomers", skip=ask.skip + PAGE))
    choices.append(run("Refresh", "/newcomers", skip=ask.skip))
    await ask.show("newcomers", choices, rows=shown, total=len(rows), hidden=HIDDEN, paste=lines)


@command("whois", permission="person.view", example="/whois dana", group="Rights")
async def whois(ask: Ask, words: Rest = NO_REST) -> None:
    """Who wrote the message that you answer, or who somebody is."""
    if words:
        await _whois_named(ask, " ".join(words))
    elif ask.replied is None:
        example = f"or name somebody: /whois {example_key(ask.who, ask.services.policy())}"
        lines = ["Answer a message of theirs with /whois", example]
        await ask.show("said", heading="Who is who?", lines=lines)
    else:
        sources = [each for each in (ask.replied.origin, ask.replied.sender) if each is not None]
        await _show(ask, [_described(ask, each) for each in sources])


async def _whois_named(ask: Ask, words: str) -> None:
    people, _ = named(words, ask.services.policy())
    found = [Source("person", each.id, each.name) for each in people] or await _met(ask, words)
    if found:
        await _show(ask, [_described(ask, each) for each in found])
        return
    near = nearest_person(words, ask.services.policy())
    known_names = ", ".join(each.name for each in people_of(ask.services.policy())[:10])
    choices = [run(f"/whois {near}", f"/whois {near}")] if near else []
    await ask.show("said", choices, heading="Nobody of that name", lines=[f"Known: {known_names}"])


async def _met(ask: Ask, word: str) -> list[Source]:
    """A stranger of that id or username who wrote lately."""
    met = {
        row.person_id: Source("person", row.person_id, row.name, row.username)
        for row in await still_unknown(ask.services)
        if row.kind == "person"
        and word.removeprefix("@").lower() in (str(row.person_id), (row.username or "").lower())
    }
    return list(met.values())


async def _show(ask: Ask, subjects: list[dict[str, Any]]) -> None:
    choices: list[Choice] = []
    for subject in subjects:
        choices += copying("Copy the lines", "\n".join(subject["paste"])) if subject["paste"] else []
    await ask.show("whois", choices, subjects=subjects, forwarded=len(subjects) > 1 and ask.replied)


def _described(ask: Ask, source: Source) -> dict[str, Any]:
    """What is known of one whom a message comes from."""
    described: dict[str, Any] = {
        "name": source.name,
        "username": source.username,
        "id": source.id,
        "what": HIDDEN.get(source.kind, ""),
        "key": None,
        "rights": [],
        "suspension": None,
        "paste": [],
    }
    if source.kind == "person" and source.id is not None:
        _describe_person(ask, Person(source.id, None, source.name), source.username, described)
    elif source.kind in ("anonymous", "channel", "chat") and source.id not in chat_ids(ask.config):
        entry = chat_entry(source.id or 0, source.name, taken=ask.config.chats)
        described["paste"] = ["chats:", *entry.lines()]
    return described


def _describe_person(ask: Ask, person: Person, username: str | None, described: dict[str, Any]) -> None:
    policy = ask.services.policy()
    entered = policy.people.get(person.id)
    described["suspension"] = policy.suspended.get(person.id)
    described["rights"] = _rights(ask, person)
    if entered is not None:
        described["key"] = entered.key
        described["name"] = entered.name
    elif not any(person.id in grant.people for grant in policy.grants):
        entry = person_entry(person.id, person.name, ask.config.people, username)
        described["paste"] = ["people:", *entry.lines()]


def _rights(ask: Ask, person: Person) -> list[str]:
    """Roles with their scopes, each with what it lets one change; then what the chat gives."""
    policy = ask.services.policy()
    own = [grant for grant in policy.grants if person.id in grant.people]
    own.sort(key=lambda grant: -len(grant.permissions))
    lines = []
    for grant in own:
        changes = words_for(grant.permissions - VIEWS)
        lines.append(f"{grant.role} {grant.scope}: {', '.join(changes) or 'look'}")
    through = [line for line in summary(person, policy, ask.chat_id) if "through this chat" in line]
    return lines + through
