"""/suspend: take every right from somebody at once, as when a phone is lost; only the configuration gives them back."""

from collections.abc import Sequence

from bot.commands.arguments import Reason
from bot.commands.ask import Ask
from bot.commands.choices import Choice, run
from bot.commands.declaring import button, command
from bot.commands.naming import example_key, named, nearest_person, people_of
from bot.permissions import Person, Place, summary
from bot.store.tables import OperationRow
from bot.telegram.text import clip

LONGEST_REASON = 200
STOPPABLE = 6
"""Running operations that get a button each: with the ways on, no more than a message may have."""


@command("suspend", permission="person.suspend", example="/suspend dana lost phone", group="Rights")
async def suspend(ask: Ask, words: Reason | None = None) -> None:
    """Take all rights from somebody until the configuration changes for them."""
    people, reason = named(words or "", ask.services.policy())
    if not words:
        await _needs(ask, "Whom, and why?")
    elif not people:
        await _nobody(ask, words)
    elif len(people) > 1:
        keys = [f"{each.key or each.id}: {each.id}" for each in people]
        await ask.show(
            "said", heading=f"Several are called {people[0].name}", lines=["Name the key or id", *keys]
        )
    elif people[0].id in ask.services.policy().suspended:
        await _show_suspended(ask, people[0])
    elif not reason:
        await _needs(ask, f"Why? {people[0].name} and others will ask")
    else:
        await _ask_first(ask, people[0], ask.services.masker().mask_text(clip(reason, LONGEST_REASON)))


async def _needs(ask: Ask, what: str) -> None:
    example = f"Example: /suspend {example_key(ask.who, ask.services.policy())} lost phone"
    await ask.show("said", heading="/suspend needs more", lines=[what, example])


async def _nobody(ask: Ask, words: str) -> None:
    word = words.split(maxsplit=1)[0]
    near = nearest_person(word, ask.services.policy())
    corrected = f"/suspend {near} {words.partition(word)[2].strip()}".strip()
    choices = [run(clip(corrected, 60), corrected)] if near else []
    lines = [f"Nearest: {near}"] if near else ["Only who is configured has rights to lose"]
    await ask.show("said", choices, heading=f"Nobody is called {clip(word, 20)}", lines=lines)


async def _ask_first(ask: Ask, person: Person, reason: str) -> None:
    """It can't be taken back from the chat: show whom it meets before it does."""
    choices = [
        Choice(
            f"Suspend {clip(person.name, 20)}",
            "person.suspend",
            {"person_id": person.id, "reason": reason},
            "danger",
        ),
        Choice("Close", "plan.close"),
    ]
    await ask.show(
        "suspend",
        choices,
        who=person,
        reason=reason,
        rights=summary(person, ask.services.policy()),
        running=await _running(ask, person.id),
        warnings=_warnings(ask, person),
    )


def _warnings(ask: Ask, person: Person) -> list[str]:
    """What the one who suspends may not have thought of."""
    left = ask.services.policy().holders("person.suspend", Place()).keys() - {person.id}
    found = ["That is yourself"] if person.id == ask.who.id else []
    if not left:
        found.append(
            "Nobody would be left who may suspend or reload: only who keeps the bot's files and process could"
        )
    return found


@button("person.suspend", permission="person.suspend")
async def confirmed(ask: Ask, person_id: int, reason: str) -> None:
    """Suspend them; what has not begun of theirs is stopped with it."""
    person = next((each for each in people_of(ask.services.policy()) if each.id == person_id), None)
    if person is None:
        ask.toast("The configuration does not know them any more")
        return
    desk, by = ask.services.desk, ask.author
    done = await ask.services.suspensions.begin(
        person, reason, by, lambda session: desk.stop_queued(session, person.id, by)
    )
    desk.wake()
    if not done:
        ask.toast("They were suspended already")
    await _show_suspended(ask, person)


async def _show_suspended(ask: Ask, person: Person) -> None:
    suspension = ask.services.policy().suspended.get(person.id)
    if suspension is None:  # ended by a reload in this very moment
        await ask.show("said", heading=f"{person.name} is not suspended any more", lines=[])
        return
    running = await _running(ask, person.id)
    choices = [_stop(row) for row in running[:STOPPABLE]]
    choices += [run("Operations", "/operations", fresh=True)] if len(running) > STOPPABLE else []
    await ask.show("suspended", choices, who=person, it=suspension, running=running)


async def _running(ask: Ask, person_id: int) -> Sequence[OperationRow]:
    return [row for row in await ask.services.desk.begun() if row.author_id == person_id]


def _stop(row: OperationRow) -> Choice:
    return Choice(
        f"Stop {row.place}",
        "operation.cancel",
        {"operation_id": row.id},
        app=row.app,
        environment=row.environment,
    )
