"""Logs: one line an event on stderr, everything masked, nothing that could break a line or a terminal."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

from bot.telegram.text import clean

_RECORD = ("_record", "_from_structlog")
"""What structlog passes along with a record of the standard library and takes out again."""


def set_up(mask: Callable[[str], str], level: int = logging.INFO) -> None:
    """Send structlog's and the standard library's events the same way."""

    def tidy(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {clean(mask(key), lines=False): _value(key, value, mask) for key, value in event.items()}

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        tidy,
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processor=structlog.processors.KeyValueRenderer(sort_keys=False)
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _value(key: str, value: Any, mask: Callable[[str], str]) -> Any:
    """A field as it may be written: numbers stay, an exception keeps its (quoted) lines, else it is one line."""
    if value is None or isinstance(value, (int, float)) or key in _RECORD:
        return value
    try:
        text = mask(str(value))
    except Exception as error:  # a library's object whose words can't be had must not cost the whole line
        return f"<{type(value).__name__} without words: {type(error).__name__}>"
    return clean(text, lines=key == "exception")
