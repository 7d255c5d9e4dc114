"""Splitting a long message at Telegram's limit, with its tags kept in balance."""

from bench.measuring import Figure, timed
from bot.telegram.text import escape, split

LINE = "<b>2026-11-25T14:02:31Z</b> <code>" + escape("KeyError: 'DATABASE_URL' <main> & more") + "</code>\n"


async def measure() -> list[Figure]:
    """About 100 kB, as a log of a thousand lines."""
    html = f"<blockquote expandable>{LINE * 1000}</blockquote>"
    parts = len(split(html))
    took = timed(lambda: split(html), 5)
    return [took.figure(f"text: split {len(html) // 1024} kB of HTML", f"{parts} messages")]
