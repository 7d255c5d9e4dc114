"""What the bot imports and sets up only once it is needed, for who forks it: the clients of cluster and store."""

import gc

import aiosqlite
import alembic.command
import kubernetes.aio.client
import kubernetes.aio.config
import sqlalchemy.dialects.sqlite.aiosqlite
from sqlalchemy.orm import configure_mappers

import bot.app

__all__ = ["aiosqlite", "alembic", "bot", "kubernetes", "sqlalchemy"]

configure_mappers()
gc.collect()
gc.freeze()  # what was imported is never collected, and looking at it would copy its pages
