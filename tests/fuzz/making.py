"""What outside inputs are made of, and how much of each is tried."""

import functools
import inspect
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

ASKED = "FUZZ_EXAMPLES"
"""Set by `python -m tests.fuzz`: how many examples a round tries, chosen anew each time."""
FEW = 25
LONGEST = 10.0
"""Seconds of the processor that one example may take, however busy the machine is: what takes more hangs."""
FAILED = ".hypothesis/examples"
"""What failed the last time is tried first the next time."""
CORPUS = Path(__file__).parent / "corpus"
"""Whole inputs, a folder for each kind: they are read as they are, and damaged. What was found is added here."""

EXAMPLES = int(os.environ.get(ASKED, FEW))

_given = settings(
    max_examples=EXAMPLES,
    derandomize=ASKED not in os.environ,
    deadline=None,
    database=DirectoryBasedExampleDatabase(FAILED) if ASKED in os.environ else None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_Test = TypeVar("_Test", bound=Callable[..., Any])


class Hangs(Exception):
    """An example does not come to its end."""


def fuzzed(test: _Test) -> _Test:
    """Try as many examples as are asked for, each within its time; stands above `given`."""
    return _given(_within_time(test))


def _within_time(test: _Test) -> _Test:
    hypothesis: Any = test.hypothesis  # type: ignore[attr-defined]  # where `given` keeps what it calls
    inner = hypothesis.inner_test

    @functools.wraps(inner)
    def trying(*arguments: Any, **named: Any) -> Any:
        with ending():
            return inner(*arguments, **named)

    @functools.wraps(inner)
    async def awaiting(*arguments: Any, **named: Any) -> Any:
        with ending():
            return await inner(*arguments, **named)

    hypothesis.inner_test = awaiting if inspect.iscoroutinefunction(inner) else trying
    return test


def fuzzed_less(test: _Test) -> _Test:
    """As `fuzzed`, a tenth as much: each example opens connections."""
    return settings(_given, max_examples=max(3, EXAMPLES // 10))(_within_time(test))


@contextmanager
def ending() -> Iterator[None]:
    """What is within takes at most `LONGEST` seconds of the processor.

    Raises: Hangs in its midst.
    """

    def hangs(*_: object) -> None:
        raise Hangs(f"more than {LONGEST:.0f} seconds")

    before = signal.signal(signal.SIGPROF, hangs)
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def kept(kind: str) -> list[bytes]:
    """The corpus of a kind."""
    return [file.read_bytes() for file in sorted((CORPUS / kind).iterdir())]


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Content with a part of it cut, doubled or replaced."""
    places = st.tuples(st.integers(0, len(content)), st.integers(0, 40)).map(
        lambda at: (at[0], min(len(content), at[0] + at[1]))
    )
    words = st.binary(max_size=8) | st.sampled_from(
        [
            b"",
            b"\0",
            b"\xff",
            b"\r\n",
            b"\x1b[31m",
            b"9" * 5000,
            b"\xe2\x80\xae",
            b"-1",
            b"null",
            b"{",
            b"]",
            b'"',
        ]
    )
    return st.one_of(
        st.just(content),
        st.builds(lambda at, word: content[: at[0]] + word + content[at[1] :], places, words),
        st.builds(lambda at: content[: at[0]], places),
        st.builds(lambda at: content[: at[1]] + content[at[0] :], places),
    )


def near(kind: str) -> st.SearchStrategy[bytes]:
    """What a kind's corpus holds, damaged in one place or in none."""
    return st.sampled_from(kept(kind)).flatmap(damaged)


WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", "~", "{{ x }}", "${TOKEN}", "../x", "a.b", "*", "system:masters", "1e999", "<b>"]),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 70), 1 << 70),
    st.floats(allow_nan=True, allow_infinity=True),
    WORDS,
)


def nested(keys: st.SearchStrategy[str], leaves: st.SearchStrategy[Any] = LEAVES) -> st.SearchStrategy[Any]:
    """Plain data of any shape, whose mappings have these keys."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(keys | WORDS, inner, max_size=5)
        ),
        max_leaves=12,
    )


def paths(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in plain data."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [at, *(path for key, value in inner for path in paths(value, (*at, key)))]


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of plain data with another value at a place."""
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = replaced(data[path[0]], path[1:], value)
    return copy
