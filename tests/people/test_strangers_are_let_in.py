"""From silence to a role: who wrote, the lines that let them in, and whose message it was."""

from typing import Any

import yaml

from tests.security.acting import handled, reconfigured
from tests.worlds import World, spaced

CHANNEL = -1001000000077


def copied(message: Any) -> str:
    """What the message's copy button puts on the clipboard."""
    [text] = [button.copy for row in message.buttons for button in row if button.copy]
    return str(text)


async def test_who_met_silence_is_let_in_by_the_lines_that_newcomers_shows(world: World) -> None:
    world.eve.says("/start", "private")
    world.eve.says("anybody?", "private")
    await handled(world)
    assert world.news("private eve") == []
    world.lee.says("/newcomers", "private")
    await world.sees("Needs: see who is who", chat="private lee")
    world.kim.says("/newcomers", "private")
    shown = await world.sees("Newcomers: 1", chat="private kim", buttons=["Copy the lines", "Refresh"])
    assert "Eve · @eve\nin private · " in spaced(shown.text)
    assert spaced(shown.text).count("2×") == 1
    lines = copied(shown)
    assert lines in shown.text
    for words in ("1005", "@Eve"):
        world.kim.says(f"/whois {words}", "private")
        await world.sees("^Eve · @eve\nId 1005\nNot known", chat="private kim")
    world.kim.says("/whois 1009", "private")
    assert not (await world.sees("Nobody of that name", chat="private kim")).buttons
    written = yaml.safe_load(world.sandbox.configs[0].read_text(encoding="utf-8"))
    people = {**written["people"], **yaml.safe_load(lines)["people"]}
    await reconfigured(
        world, people=people, bindings=[*written["bindings"], {"role": "viewer", "people": ["eve"]}]
    )
    world.eve.says("/whoami", "private")
    await world.sees("viewer everywhere", chat="private eve")
    world.kim.says("/newcomers", "private")
    await world.sees("Nobody unknown wrote lately", chat="private kim")


async def test_whois_tells_whose_message_is_answered_and_what_can_never_act(world: World) -> None:
    place = world.place("team", world.kim.person)
    says = world.telegram.says
    world.telegram.add_channel(CHANNEL, "Rumours")
    kim, vic, eve = world.kim.person.id, world.vic.person.id, world.eve.person.id

    async def asks(message_id: int, pattern: str) -> str:
        world.mark()
        says(kim, place.id, "/whois", reply_to=message_id)
        return spaced((await world.sees(pattern)).text)

    known = await asks(says(vic, place.id, "hello", topic=2).id, "Id 1004 · people.vic")
    assert "• viewer everywhere: look" in known
    forwarded = await asks(says(vic, place.id, "look", topic=2, forwarded_from=eve).id, "Passed on by")
    assert forwarded.startswith(
        "Eve · @eve\nId 1005\nNot known: gets silence\npeople:\n  eve:\n    id: 1005\n"
    )
    assert "people.vic" in forwarded
    anonymous = await asks(
        says(kim, place.id, "hello", topic=2, as_anonymous_admin=True).id, "An anonymous admin"
    )
    assert "people:" not in anonymous
    channel = await asks(says(kim, place.id, "hello", topic=2, as_channel=CHANNEL).id, "A channel")
    assert f"chats:\n  rumours:\n    id: {CHANNEL}" in channel
    world.kim.says("/whois")
    await world.sees("Answer a message of theirs with /whois")
    world.kim.says("/whois Dana")
    by_name = await world.sees("people.dana")
    assert "• deployer in staging and production: build, deploy, roll back" in spaced(by_name.text)
    world.kim.says("/whois danna")
    await world.sees("Nobody of that name", buttons=["/whois dana"])
