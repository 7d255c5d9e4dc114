"""Whatever is logged, by whom and however, is one clean line without secrets (security.md, rows 7 and 33)."""

import logging
import re
import unicodedata
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import logs
from bot.masking import Masker

SECRET = "canary-secret-0001"
HOSTILE = (
    "a\rb",
    "a\nlevel='info' event='forged'",
    "\x1b[2J\x1b]0;title\x07\x1b[31mred",
    "\u202eevil\u202c\u2066\u2069",
    "\u2028\u2029\x85\x0b\x0c",
    "zero\u200bwidth\u200d\ufeff",
    "\x00\x07\x08\x7f\x9b31m",
    "\ud800",
    f"it is {SECRET}",
    "'; event='forged'",
)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[str]]]:
    """What was logged since the last call; the first sets the logs up as the bot's are, for the test's own stderr."""

    def read() -> list[str]:
        if not structlog.is_configured():
            logs.set_up(Masker([SECRET]).mask_text, logging.DEBUG)
        out, err = capsys.readouterr()
        assert out == ""
        return err.split("\n")[:-1]

    structlog.reset_defaults()
    yield read
    structlog.reset_defaults()
    logging.basicConfig(force=True)


def is_clean(line: str) -> bool:
    return not any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in line)


class Rude:
    """Something whose words are hostile."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __repr__(self) -> str:
        return self.words


@pytest.mark.parametrize("words", HOSTILE, ids=ascii)
def test_hostile_words_in_every_field(lines: Callable[[], list[str]], words: str) -> None:
    lines()
    log = structlog.get_logger("test")
    log.info(words)
    log.warning("event", person=words, number=1, nothing=None)
    raw = words.encode("utf-8", "replace")
    log.error("event", things=[words, {"a": words}], rude=Rude(words), pair=(words,), raw=raw)
    log.info("event", **{words: "value"})
    structlog.contextvars.bind_contextvars(operation=words)
    log.info("event")
    structlog.contextvars.clear_contextvars()
    logging.getLogger("some.library").warning("it said %s and %r", words, Rude(words))
    logging.getLogger("some.library").warning(words)
    logging.getLogger(words).error("from elsewhere", extra={"more": words})
    found = lines()
    assert len(found) == 8
    for line in found:
        assert is_clean(line), ascii(line)
        assert SECRET not in line
        assert re.match(r"timestamp='[^']*' level='|", line)
    assert not any(line.startswith("level='info' event='forged'") for line in found)


@pytest.mark.parametrize("words", HOSTILE, ids=ascii)
def test_hostile_words_in_an_exception(lines: Callable[[], list[str]], words: str) -> None:
    lines()
    log = structlog.get_logger("test")
    try:
        try:
            raise ValueError(words)
        except ValueError as error:
            raise RuntimeError(words) from error
    except RuntimeError as error:
        log.exception("it failed", what=words)
        log.error("it failed", exc_info=error)  # noqa: TRY400 - as it is called elsewhere
        logging.getLogger("some.library").exception("it failed %s", words)
        logging.getLogger("asyncio").error("never retrieved", exc_info=error)  # noqa: TRY400 - as asyncio does
    found = lines()
    assert len(found) == 4
    for line in found:
        assert "RuntimeError" in line
        assert is_clean(line), ascii(line)
        assert SECRET not in line


@given(words=st.text(max_size=80))
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_text_is_one_clean_line(lines: Callable[[], list[str]], words: str) -> None:
    lines()
    structlog.get_logger("test").info(words, field=words, several=[words])
    (line,) = lines()
    assert is_clean(line), ascii(line)


def test_a_field_that_cannot_be_written_does_not_break_what_is_logged(lines: Callable[[], list[str]]) -> None:
    lines()

    class Broken:
        def __repr__(self) -> str:
            raise ValueError("no words")

    structlog.get_logger("test").info("event", broken=Broken())
    (line,) = lines()
    assert "event" in line
