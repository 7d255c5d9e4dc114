"""A command during which the bot died again and again is not begun once more, and its person is told so."""

from pathlib import Path

from bot.clock import SystemClock
from bot.store.database import Database
from bot.store.tables import UpdateRow
from bot.telegram.inbox import ATTEMPTS
from tests.installed import make_store, open_world
from tests.security.acting import handled
from tests.worlds import open_bot


def _begun_often(number: int, text: str, person: int, message_id: int) -> UpdateRow:
    who = {"id": person, "first_name": "Somebody"}
    message = {"message_id": message_id, "date": 0, "text": text, "from": {**who, "is_bot": False}}
    payload = {"update_id": number, "message": {**message, "chat": {**who, "type": "private"}}}
    received_at = SystemClock().now()
    lane = f"{person}:{person}"
    return UpdateRow(
        update_id=number, lane=lane, payload=payload, received_at=received_at, attempts=ATTEMPTS - 1
    )


async def test_whoever_asked_is_told_and_a_stranger_is_not(tmp_path: Path) -> None:
    async with open_world(tmp_path) as sandbox:
        telegram = sandbox.servers.telegram.world
        dana, eve = (sandbox.cast.person(each).id for each in ("dana", "eve"))
        store = tmp_path / "pilothouse.db"
        await make_store(store)
        said = telegram.says(dana, dana, "/stopall fire")
        telegram.state.updates.clear()
        async with Database(f"sqlite:///{store}") as database, database.write() as session:
            session.add(_begun_often(1, "/stopall fire", dana, said.id))
            session.add(_begun_often(2, "/stopall fire", eve, 1))
        async with open_bot(sandbox) as world:
            told = await world.sees("This was begun several times and not finished", chat="private dana")
            assert told.reply_to == said.id
            await handled(world)
            assert not world.news("private eve")
