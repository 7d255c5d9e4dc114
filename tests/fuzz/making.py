"""What outside inputs are made of, and how much of each is tried."""

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

ASKED = "FUZZ_EXAMPLES"
"""Set by `python -m tests.fuzz`: how many examples a round tries, chosen anew each time."""
FEW = 60
CORPUS = ".hypothesis/examples"
"""What failed once is tried first the next time."""

fuzzed = settings(
    max_examples=int(os.environ.get(ASKED, FEW)),
    derandomize=ASKED not in os.environ,
    deadline=None,
    database=DirectoryBasedExampleDatabase(CORPUS) if ASKED in os.environ else None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

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
