"""While `python -m tests.fuzz` runs: what the bot keeps of the words that it has read must not grow with them."""

import gc
import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bot
from tests.fuzz.making import ASKED

MOST = 4 << 20
"""Bytes that may be kept after a test: tables and compiled patterns, made once."""
OURS = f"{Path(bot.__file__).parent}/*"


@pytest.fixture(autouse=True)
def nothing_grows(record_property: Callable[[str, object], None]) -> Iterator[None]:
    if ASKED not in os.environ:
        yield
        return
    gc.collect()
    tracemalloc.start()
    try:
        yield
        gc.collect()
        mine = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, OURS)])
    finally:
        tracemalloc.stop()
    lines = mine.statistics("lineno")
    record_property("bytes kept", sum(each.size for each in lines))
    assert sum(each.size for each in lines) < MOST, lines[:5]
