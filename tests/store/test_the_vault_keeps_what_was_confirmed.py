import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.store.errors import StoreError
from bot.store.vault import Vault

DATA = b'{"db": {"password": "hunter2"}}'


def test_what_was_sealed_is_unsealed_after_a_restart(tmp_path: Path) -> None:
    sealed = Vault.open(tmp_path / "key").seal(DATA)
    assert b"hunter2" not in sealed
    assert Vault.open(tmp_path / "key").unseal(sealed) == DATA


def test_the_key_is_readable_by_the_bots_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Vault.open(tmp_path / "state" / "key")
    finally:
        os.umask(before)
    assert (tmp_path / "state" / "key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["key"]


@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_key_that_others_can_read_is_told(tmp_path: Path, mode: int, told: bool) -> None:
    Vault.open(tmp_path / "key")
    (tmp_path / "key").chmod(mode)
    with capture_logs() as logs:
        Vault.open(tmp_path / "key")
    assert [each["event"] for each in logs] == ["the store's key can be read by others"] * told
    assert not told or logs[0]["file"] == str(tmp_path / "key")


def test_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(lambda _: Vault.open(tmp_path / "key"), range(8)))
    assert len({vault.fingerprint(DATA) for vault in vaults}) == 1


def test_another_key_is_told_apart(tmp_path: Path) -> None:
    sealed = Vault.open(tmp_path / "one").seal(DATA)
    with pytest.raises(StoreError, match="not the one that sealed"):
        Vault.open(tmp_path / "other").unseal(sealed)


@pytest.mark.parametrize("data", [b"", b"nonsense", DATA])
def test_what_was_never_sealed_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(StoreError):
        Vault.open(tmp_path / "key").unseal(data)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 44, b"=" * 44])
def test_a_key_file_that_holds_no_key_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="key"):
        Vault.open(path)
    assert path.read_bytes() == content


def test_a_key_with_a_line_end_is_read(tmp_path: Path) -> None:
    fingerprint = Vault.open(tmp_path / "key").fingerprint(DATA)
    (tmp_path / "key").write_bytes((tmp_path / "key").read_bytes() + b"\n")
    assert Vault.open(tmp_path / "key").fingerprint(DATA) == fingerprint


def test_a_place_that_cannot_hold_a_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't be used"):
        Vault.open(tmp_path / "file" / "key")


def test_a_fingerprint_is_the_same_for_the_same_data_and_key_alone(tmp_path: Path) -> None:
    one, other = Vault.open(tmp_path / "one"), Vault.open(tmp_path / "other")
    assert one.fingerprint(DATA) == one.fingerprint(DATA)
    assert one.fingerprint(DATA) != one.fingerprint(DATA + b" ")
    assert one.fingerprint(DATA) != other.fingerprint(DATA)
