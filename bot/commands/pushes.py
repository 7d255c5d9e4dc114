"""What git hosts tell of, as operations: in the name of the webhook, by the rights that bindings give to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.ask import Ask, Refused
from bot.commands.building import recipe_of
from bot.commands.problems import record_refusal
from bot.commands.services import Services
from bot.commands.starting import start
from bot.config import App, GitWebhook
from bot.operations.desk import Order
from bot.operations.errors import Held, Spent
from bot.operations.operation import Record
from bot.operations.push import Push as PushOperation
from bot.operations.push import PushArguments
from bot.permissions import webhook as acting
from bot.store import once
from bot.store.tables import OperationRow
from bot.webhooks.hosts import HOSTS
from bot.webhooks.push import Push

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """What the git host is told, and shows to whoever looks at its list of calls."""

    status: int
    words: str


class _Waits(Exception):
    """A build of the same branch waits to begin, and takes the newest commit when it does."""


class Pushes:
    """Takes what git hosts tell of; what is answered with 202 is stored."""

    def __init__(self, chat: Callable[[str], int | None]) -> None:
        """`chat` knows the ids of the configuration's chats by their names."""
        self._chat = chat
        self._served: Services | None = None

    def serve(self, services: Services) -> None:
        """Use these services: they are built after what starts deploys."""
        self._served = services

    @property
    def _services(self) -> Services:
        assert self._served is not None
        return self._served

    async def take(self, webhook: GitWebhook, push: Push, names: Sequence[str]) -> Answer:
        """Hand in what a push is to bring about. `names` are what the call is known by when it comes again."""
        if push.repository.lower() != webhook.repository.lower():
            return Answer(404, f"This webhook is for {webhook.repository} alone")
        if push.is_deleted:
            return Answer(200, f"{push.name} was deleted: nothing to build")
        if not webhook.builds(push.branch, push.tag):
            return Answer(200, f"{push.name} is not among the branches and tags that are built")
        ask = self._ask(webhook, push)
        answers = [await self._build(ask, webhook, app, push, names) for app in webhook.apps]
        return Answer(max(each.status for each in answers), "; ".join(each.words for each in answers))

    async def _build(
        self, ask: Ask, webhook: GitWebhook, name: str, push: Push, names: Sequence[str]
    ) -> Answer:
        app = ask.config.apps[name]
        decision = ask.may("image.build", name)
        if not decision.allowed:
            await record_refusal(ask, Refused(decision, f"{name} → "))
            return Answer(403, f"{webhook.name} may not build {name}: its binding does not allow it")
        order = _order(ask, webhook, app, push)

        async def spend(session: AsyncSession) -> bool:
            keys = [f"{webhook.name} {name} {each}" for each in names]
            is_first = await once.first(session, keys, self._services.clock.now())
            if is_first and await waits(session, order):
                raise _Waits
            return is_first

        try:
            operation = await self._services.desk.submit(order, wait=True, spend=spend)
        except Spent:
            return Answer(200, f"{name} {push.name}: this was told before")
        except _Waits:
            return Answer(202, f"{name} {push.name}: a build that waits will take it")
        except Held as held:
            log.info("a push is not built", app=name, why=str(held))
            return Answer(503, f"{name} {push.name} is not built: all operations are stopped")
        return Answer(202, f"{name} {push.name}: operation {operation}")

    async def start(self, record: Record, webhook: str, environment: str, version: str) -> str:
        """Start the deploy of what was built; why it was not, "" where it was."""
        ask = Ask(
            services=self._services,
            who=acting(webhook, record.author.name),
            chat_id=record.chat_id or 0,
            topic=record.topic,
            message_id=record.message_id or 0,
            cause=f"operation {record.id}",
        )
        if webhook not in ask.config.webhooks:
            return f"There is no webhook {webhook} any more"
        return await start(ask, record.id, record.app, environment, version)

    def _ask(self, webhook: GitWebhook, push: Push) -> Ask:
        chat_id = self._chat(webhook.chat)
        if chat_id is None:
            log.warning("a chat's public name is not resolved, so nothing is shown there", chat=webhook.chat)
        topics = self._services.config().chats[webhook.chat].topics
        by = f"{HOSTS[webhook.host].shown} push by {push.by}"
        return Ask(
            services=self._services,
            who=acting(webhook.name, by),
            chat_id=chat_id or 0,
            topic=topics[webhook.topic] if webhook.topic is not None else None,
            message_id=0,
        )


def _order(ask: Ask, webhook: GitWebhook, app: App, push: Push) -> Order:
    recipe = recipe_of(app)
    assert recipe is not None  # a configuration whose webhook names another one does not load
    environment = webhook.deploy or ""
    starts = bool(environment) and ask.config.target(app.name, environment).environment.on_push == "deploy"
    return Order(
        kind=PushOperation.kind,
        subject=f"build/{app.name}/{push.name}",
        app=app.name,
        environment="",
        version=push.name,
        arguments=PushArguments(
            recipe=recipe,
            ref=push.name,
            is_tag=push.tag is not None,
            webhook=webhook.name,
            environment=environment,
            starts=starts,
        ),
        author=ask.author,
        chat_id=ask.chat_id or None,
        topic=ask.topic,
        quotes=True,
    )


async def waits(session: AsyncSession, order: Order) -> bool:
    """Whether the same has been handed in and has not begun: which commit it builds is looked up when it begins."""
    waiting = select(OperationRow.arguments).where(
        OperationRow.subject == order.subject,
        OperationRow.state == "queued",
        OperationRow.kind == order.kind,
    )
    return order.arguments.model_dump(mode="json") in list(await session.scalars(waiting))
