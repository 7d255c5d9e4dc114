"""Who was met with silence, one row a person and chat instead of one an hour; and who is suspended."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _newcomer()
    op.execute(
        "INSERT INTO newcomer (person_id, chat_id, kind, name, chat_kind, chat_title, count, first_at, last_at) "
        "SELECT person_id, chat_id, 'person', max(name), '', '', sum(count), min(hour), max(hour) "
        "FROM stranger GROUP BY person_id, chat_id"
    )
    op.drop_table("stranger")
    _suspension()


def _newcomer() -> None:
    op.create_table(
        "newcomer",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("chat_kind", sa.String(length=12), nullable=False),
        sa.Column("chat_title", sa.Text(), nullable=False),
        sa.Column("topic", sa.Integer(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(), nullable=False),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "chat_id", name=op.f("pk_newcomer")),
    )
    with op.batch_alter_table("newcomer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_newcomer_last_at"), ["last_at"], unique=False)


def _suspension() -> None:
    op.create_table(
        "suspension",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspension")),
    )
    with op.batch_alter_table("suspension", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_suspension_person_id_ended_at"), ["person_id", "ended_at"], unique=False
        )
