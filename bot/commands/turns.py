"""When a release is free: the plan that somebody waited for, made now and shown to them alone."""

from collections.abc import Awaitable, Callable

from bot.commands.ask import Ask, Refused
from bot.commands.choices import Choice, run
from bot.commands.confirming import propose
from bot.commands.problems import answer, record_refusal
from bot.commands.requests import Request
from bot.commands.services import Services
from bot.commands.showing import Page
from bot.operations.build import Ship
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
        assert self._services is not None
        if record.chat_id is None or record.message_id is None:
            return
        await self._hand_over(record.id)
        place = f"{record.app} → {record.environment}"
        person = self._services.policy().person(Sender(id=record.author.id, name=record.author.name))
        if person is None:
            unknown = {"what": place, "lines": [f"{record.author.name} has no rights any more"]}
            shown = Sent(record.chat_id, record.message_id, record.topic)
            await self._services.screen.edit(shown, Page("refused", unknown), None)
            return
        ask = Ask(
            services=self._services,
            who=person,
            chat_id=record.chat_id,
            topic=record.topic,
            message_id=record.message_id,
            pressed=True,
        )
        try:
            free = "The image is there" if record.kind == Ship.kind else "It is free now"
            await _plan(ask, Request(**record.arguments["request"]), f"{free}. The plan of this moment:")
        except Refused as refused:
            lines = refused.decision.reason.splitlines()
            await record_refusal(ask, refused)
            await ask.show("refused", what=place, lines=lines)
            await self._call(record, is_refused=True)
        except Exception as error:
            await answer(ask, error)
            await self._call(record)
        else:
            await self._call(record)

    async def call(self, record: Record) -> None:
        """Tell a person that nothing keeps their change back any more, with the way to its plan."""
        assert self._services is not None
        assert record.chat_id is not None
        place = record.app or None, record.environment
        request = record.arguments["request"]
        again = Choice("Plan again", "plan.again", {"request": request}, "primary", *place)
        status = run("Status", f"/status {record.app} {record.environment}".replace("  ", " "), fresh=True)
        page = Page(
            "free",
            {"author": record.author, "place": " in ".join(filter(None, place))},
            [again if request else status],
        )
        await self._services.screen.send(
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
        assert self._services is not None
        assert record.chat_id is not None
        page = Page("turn", {"turn": record, "author": record.author, "is_refused": is_refused})
        await self._services.screen.send(
            ChatTarget(record.chat_id, record.topic),
            page,
            None,
            reply_to=record.message_id,
            sound=True,
            urgency=Urgency.RESULT,
            key=f"turn {record.id}",
        )


async def _plan(ask: Ask, request: Request, moved: str) -> None:
    decision = ask.may("deploy.run", request.app, request.environment)
    if decision.allowed and request.sets:
        decision = ask.may("deploy.set", request.app, request.environment)
    if not decision.allowed:
        raise Refused(decision, f"{request.app} → {request.environment}")
    await propose(ask, request, moved=moved)
