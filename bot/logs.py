"""Logs: one line an event on stderr, everything masked, nothing that could break a line or a terminal."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

from bot.telegram.text import clean


def set_up(mask: Callable[[str], str], level: int = logging.INFO) -> None:
    """Send structlog's and the standard library's events the same way."""

    def tidy(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for key, value in event.items():
            if isinstance(value, str):
                event[key] = mask(value) if key == "exception" else clean(mask(value), lines=False)
            elif not isinstance(value, (int, float, bool)) and value is not None:
                event[key] = clean(mask(str(value)), lines=False)
        return event

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
