"""When a release is free: the plan that somebody waited for, made now and shown to them alone."""

from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from bot.commands.ask import Ask, Refused
from bot.commands.choices import Choice, run
from bot.commands.confirming import propose
from bot.commands.problems import answer, in_words, record_refusal
from bot.commands.requests import Request
from bot.commands.services import Services
from bot.commands.showing import Page
from bot.operations.operation import Record
from bot.permissions import Sender
from bot.telegram.messages import ChatTarget, Sent, Urgency


class Turns:
    """Acts for people who wait; the services are handed over once they are built."""

    def __init__(self, hand_over: Callable[[str], Awaitable[None]]) -> None:
        """`hand_over` has an operation's message left to the plan that is shown in it."""
        self._hand_over = hand_over
        self._services: Services | None = None

    def serve(self, services: Services) -> None:
        """Use these services."""
        self._services = services

    async def replan(self, record: Record) -> None:
        """Plan what the waiting person asked for, by the rights that they have now, and call them to it."""
        if record.chat_id is None or record.message_id is None:
            return
        await self._hand_over(record.id)
        place = f"{record.app} → {record.environment}"
        ask = self._ask(record, record.chat_id, record.message_id)
        if ask is None:
            unknown = {"what": place, "lines": [_unknown(record)]}
            shown = Sent(record.chat_id, record.message_id, record.topic)
            await self._reached.screen.edit(shown, Page("refused", unknown), None)
            return
        try:
            await _plan(ask, Request(**record.arguments["request"]), "It is free now")
        except Refused as refused:
            lines = refused.decision.reason.splitlines()
            await record_refusal(ask, refused)
            await ask.show("refused", what=place, lines=lines)
            await self._call(record, is_refused=True)
        except Exception as error:
            await answer(ask, error, instead=[_again(record)])
            await self._call(record)
        else:
            await self._call(record)

    async def plan_image(self, record: Record) -> str:
        """Plan the deploy of an image for whoever had it built, as `replan` does.

        Why it was not planned is told by the build's own end; "" where it was. Raises: SQLAlchemyError.
        """
        if record.chat_id is None or record.message_id is None:
            return ""
        await self._hand_over(record.id)
        ask = self._ask(record, record.chat_id, record.message_id)
        if ask is None:
            return _unknown(record)
        try:
            await _plan(ask, Request(**record.arguments["request"]), "The image is there")
        except SQLAlchemyError:  # the engine goes on once the store can be written
            raise
        except Refused as refused:
            await record_refusal(ask, refused)
            return ", ".join(refused.decision.reason.splitlines())
        except Exception as error:
            return ask.services.masker().mask_text(in_words(error))
        await self._call(record)
        return ""

    @property
    def _reached(self) -> Services:
        assert self._services is not None
        return self._services

    def _ask(self, record: Record, chat_id: int, message_id: int) -> Ask | None:
        """In the author's name, as from their operation's message; None where they have no rights any more."""
        person = self._reached.policy().person(Sender(id=record.author.id, name=record.author.name))
        if person is None:
            return None
        return Ask(
            services=self._reached,
            who=person,
            chat_id=chat_id,
            topic=record.topic,
            message_id=message_id,
            pressed=True,
            cause=f"operation {record.id}",
        )

    async def call(self, record: Record) -> None:
        """Tell a person that nothing keeps their change back any more, with the way to its plan."""
        assert record.chat_id is not None
        place = record.app or None, record.environment
        status = run("Status", f"/status {record.app} {record.environment}".replace("  ", " "), fresh=True)
        page = Page(
            "free",
            {"author": record.author, "place": " in ".join(filter(None, place))},
            [_again(record) if record.arguments["request"] else status],
        )
        await self._reached.screen.send(
            ChatTarget(record.chat_id, record.topic),
            page,
            record.author.id,
            reply_to=record.message_id,
            sound=True,
            urgency=Urgency.RESULT,
            key=f"call {record.id}",
        )

    async def _call(self, record: Record, *, is_refused: bool = False) -> None:
        """A short message with a sound, once: nobody hears a message that is edited, and a plan soon expires."""
        assert record.chat_id is not None
        page = Page("turn", {"turn": record, "author": record.author, "is_refused": is_refused})
        await self._reached.screen.send(
            ChatTarget(record.chat_id, record.topic),
            page,
            None,
            reply_to=record.message_id,
            sound=True,
            urgency=Urgency.RESULT,
            key=f"turn {record.id}",
        )


def _again(record: Record) -> Choice:
    request = record.arguments["request"]
    return Choice(
        "Plan again", "plan.again", {"request": request}, "primary", record.app or None, record.environment
    )


def _unknown(record: Record) -> str:
    return f"{record.author.name} has no rights any more"


async def _plan(ask: Ask, request: Request, since: str) -> None:
    decision = ask.may("deploy.run", request.app, request.environment)
    if decision.allowed and request.sets:
        decision = ask.may("deploy.set", request.app, request.environment)
    if not decision.allowed:
        raise Refused(decision, f"{request.app} → {request.environment}")
    await propose(ask, request, moved=f"{since}. The plan of this moment:")
