"""When a release is free: the plan that somebody waited for, made now and shown to them alone."""

from bot.commands.ask import Ask, Refused
from bot.commands.confirming import Request, propose
from bot.commands.problems import answer
from bot.commands.services import Services
from bot.operations.operation import Record
from bot.permissions import Sender


class Turns:
    """Acts for people who wait; the services are handed over once they are built."""

    def __init__(self) -> None:
        self._services: Services | None = None

    def serve(self, services: Services) -> None:
        """Use these services."""
        self._services = services

    async def replan(self, record: Record) -> None:
        """Plan what the waiting person asked for, by the rights that they have now."""
        assert self._services is not None
        if record.chat_id is None or record.message_id is None:
            return
        person = self._services.policy().person(Sender(id=record.author.id, name=record.author.name))
        if person is None:
            return
        ask = Ask(
            services=self._services,
            who=person,
            chat_id=record.chat_id,
            topic=record.topic,
            message_id=record.message_id,
            pressed=True,
        )
        request = Request(**record.arguments["request"])
        try:
            decision = ask.may("deploy.run", request.app, request.environment)
            if not decision.allowed:
                raise Refused(decision, f"{request.app} → {request.environment}")
            await propose(ask, request, moved="It is free now. The plan of this moment:")
        except Exception as error:
            await answer(ask, error)
