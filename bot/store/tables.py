"""The database's tables, one class a table: what the bot must still know after a restart.

Rows are written by those who own the matter (the inbox its updates, the outbox its messages, the engine its
operations); this module only says what they look like. Times are aware and in UTC.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time; stored naive in UTC, since SQLite keeps no zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone can't be stored")
        return value.astimezone(UTC).replace(tzinfo=None) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None else None


BigId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only for a column of type INTEGER."""


class Table(DeclarativeBase):
    """The base of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way to say it
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        str: Text(),
        bytes: LargeBinary(),
    }


class UpdateRow(Table):
    """One update of Telegram, stored before it is confirmed; `lane` orders those of one person and chat."""

    __tablename__ = "inbox"
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    lane: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    __table_args__ = (Index(None, "done_at", "update_id"),)


class OutgoingRow(Table):
    """A message that must survive a restart: an alert, a notice, the answer or final state of an operation.

    `key` makes a second request for the same message harmless; `message_id` is known once it was sent.
    """

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str | None] = mapped_column(String(200), unique=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    topic: Mapped[int | None]
    message: Mapped[dict[str, Any]]
    urgency: Mapped[int]
    created_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None]
    __table_args__ = (Index(None, "state", "id"),)


class ActionRow(Table):
    """What a button does. The token is all that Telegram carries; the rest is looked up here at the press."""

    __tablename__ = "action"
    token: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    arguments: Mapped[dict[str, Any]]
    permission: Mapped[str] = mapped_column(String(40))
    app: Mapped[str | None] = mapped_column(String(200))
    environment: Mapped[str | None] = mapped_column(String(200))
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    __table_args__ = (Index(None, "chat_id", "message_id"), Index(None, "expires_at"))


OPEN = ("queued", "running", "cancelling")
"""States of an operation that has not ended. An index finds these; for all but "ended" every row would be read."""


class OperationRow(Table):
    """One durable unit of work; `view` is what its message shows, `subject` what one alone may change."""

    __tablename__ = "operation"
    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(600))
    arguments: Mapped[dict[str, Any]]
    app: Mapped[str | None] = mapped_column(String(200))
    environment: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(12))
    epoch: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int] = mapped_column(BigInteger)
    author_name: Mapped[str]
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    topic: Mapped[int | None]
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    reply_to: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    view: Mapped[dict[str, Any]]
    view_number: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[dict[str, Any] | None]
    __table_args__ = (
        Index(None, "state", "created_at"),
        Index(None, "subject", "state"),
        Index(None, "app", "environment", "created_at"),
    )

    @property
    def place(self) -> str:
        """What it is about, in words: an app, and the environment where it is in one."""
        return " → ".join(name for name in (self.app, self.environment) if name)


class StepRow(Table):
    """One finished step of an operation: what it returned, or the domain's error that it raised."""

    __tablename__ = "step"
    operation_id: Mapped[str] = mapped_column(
        ForeignKey("operation.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    result: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]


class FrozenRow(Table):
    """What was confirmed and must not change until its operation ends; encrypted with the store's key."""

    __tablename__ = "frozen"
    operation_id: Mapped[str] = mapped_column(
        ForeignKey("operation.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    data: Mapped[bytes]


class LeaseRow(Table):
    """Who may claim operations. A new holder raises the epoch, which fences off the one before it."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    epoch: Mapped[int]
    expires_at: Mapped[datetime]


class VerdictRow(Table):
    """Our own judgement of a revision: Helm calls a crashing one `deployed` when it was not told to wait."""

    __tablename__ = "verdict"
    cluster: Mapped[str] = mapped_column(String(80), primary_key=True)
    namespace: Mapped[str] = mapped_column(String(80), primary_key=True)
    release: Mapped[str] = mapped_column(String(80), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    health: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None]
    version: Mapped[str | None]
    digest: Mapped[str | None]
    operation_id: Mapped[str | None] = mapped_column(String(12))
    author_name: Mapped[str | None]
    at: Mapped[datetime]


class AuditRow(Table):
    """Who did what, or was refused. `hash` covers the row and the hash before it."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(20))
    app: Mapped[str | None] = mapped_column(String(200))
    environment: Mapped[str | None] = mapped_column(String(200))
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    detail: Mapped[str]
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    __table_args__ = (Index(None, "app", "environment", "at"),)


class NewcomerRow(Table):
    """Somebody unknown who wrote to us in a chat: met with silence, and counted.

    `name`, `username` and `chat_title` are as they were seen last: whoever writes chooses them.
    """

    __tablename__ = "newcomer"
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str]
    username: Mapped[str | None]
    chat_kind: Mapped[str] = mapped_column(String(12))
    chat_title: Mapped[str]
    topic: Mapped[int | None]
    count: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    __table_args__ = (Index(None, "last_at"),)


class SuspensionRow(Table):
    """A person who may do nothing until the configuration says something else of them than `fingerprint` covers."""

    __tablename__ = "suspension"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    reason: Mapped[str]
    by_id: Mapped[int] = mapped_column(BigInteger)
    by_name: Mapped[str]
    at: Mapped[datetime]
    fingerprint: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime | None]
    __table_args__ = (Index(None, "person_id", "ended_at"),)


class LockRow(Table):
    """One person's hold on an app in an environment; `app` is "" where the whole environment is held."""

    __tablename__ = "lock"
    environment: Mapped[str] = mapped_column(String(200), primary_key=True)
    app: Mapped[str] = mapped_column(String(200), primary_key=True)
    reason: Mapped[str]
    holder_id: Mapped[int] = mapped_column(BigInteger)
    holder: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    chat_id: Mapped[int] = mapped_column(BigInteger)
    topic: Mapped[int | None]
    message_id: Mapped[int] = mapped_column(BigInteger)


class StandstillRow(Table):
    """Nothing new starts while this one row is there."""

    __tablename__ = "standstill"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str]
    by_id: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str]
    since: Mapped[datetime]


class NoticeRow(Table):
    """A message for community channels about one version of an app, from draft to withdrawal."""

    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    app: Mapped[str] = mapped_column(String(200), index=True)
    environment: Mapped[str] = mapped_column(String(200))
    version: Mapped[str]
    state: Mapped[str] = mapped_column(String(12))
    html: Mapped[str]
    channels: Mapped[list[Any]]
    operation_id: Mapped[str | None] = mapped_column(String(12), unique=True)
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class ChatRow(Table):
    """What we learnt of a chat: the id a public name was pinned to, or the id that a group moved to."""

    __tablename__ = "chat"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)


class ClusterRow(Table):
    """Which cluster a name of the configuration stands for: the UID of its kube-system."""

    __tablename__ = "cluster"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    uid: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class OnceRow(Table):
    """Something that happens once, such as the builds of one call of a git host, and has happened."""

    __tablename__ = "once"
    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    at: Mapped[datetime]
    __table_args__ = (Index(None, "at"),)
