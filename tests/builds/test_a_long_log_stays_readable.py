"""A build may say a hundred megabytes: what is kept is bounded, and has its beginning and its end."""

from pathlib import Path

from bot.images.build_log import HEAD, TAIL, BuildLog, read


def test_of_a_long_log_its_beginning_and_end_are_kept(tmp_path: Path) -> None:
    log = BuildLog(tmp_path / "log")
    line = "x" * 1023
    log.write(["the beginning"])
    for _ in range(40):
        log.write([line] * 1024)
    log.write(["the end"])
    log.close()
    text = read(tmp_path / "log")
    assert text.startswith(b"the beginning\n")
    assert text.endswith(b"the end\n")
    assert b"the middle of this long log was not kept" in text
    assert len(text) <= HEAD + 2 * TAIL + 2**20
    assert sum(file.stat().st_size for file in (tmp_path / "log").iterdir()) <= HEAD + 2 * TAIL + 2**20


def test_a_short_log_is_kept_whole(tmp_path: Path) -> None:
    log = BuildLog(tmp_path / "log")
    log.write(["one", "", "two"])
    log.close()
    assert read(tmp_path / "log") == b"one\n\ntwo\n"


def test_a_build_that_is_run_again_begins_its_log_anew(tmp_path: Path) -> None:
    for words in ("first", "second"):
        log = BuildLog(tmp_path / "log")
        log.write([words])
        log.close()
    assert read(tmp_path / "log") == b"second\n"


def test_a_log_that_is_gone_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "nowhere") == b""
