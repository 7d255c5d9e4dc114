"""`pilothouse check`: the whole truth before the first deploy, a line each, and nothing is changed by it."""

from bot.checking.running import check

__all__ = ["check"]
