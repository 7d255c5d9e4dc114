"""What the program that opens encrypted values is given, and in which words it is refused what it can't do."""

from pathlib import Path
from typing import Any

import pytest

from bot.config import Sops
from bot.config.secrets import Secret
from bot.planning.decrypting import (
    LARGEST,
    NO_KEY,
    TAMPERED,
    decrypted,
    is_encrypted,
    is_secret,
    refuse_remains,
    stood_in,
)
from bot.planning.errors import PlanRefused

ENCRYPTED = "ENC[AES256_GCM,data:a,iv:b,tag:c,type:{}]"
FILE = Path("/nowhere/s.yaml")


def program(folder: Path, body: str, **more: Any) -> Sops:
    """A stand-in for sops: it does in a moment what the real one does seldom."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return Sops(program=str(path)).model_copy(update=more)


async def refused(folder: Path, sops: Sops | None) -> PlanRefused:
    with pytest.raises(PlanRefused) as caught:
        await decrypted("a: b\n", folder / "s.yaml", sops)
    return caught.value


@pytest.mark.parametrize(
    ("values", "is_so"),
    [
        ({"a": 1, "sops": {"mac": "x"}}, True),
        ({"sops": {}}, True),
        ({"a": 1, "sops": "x"}, False),
        ({"a": 1}, False),
        ([{"sops": {}}], False),
        (None, False),
    ],
)
def test_a_file_is_encrypted_where_sops_has_a_part_in_it(values: Any, is_so: bool) -> None:
    assert is_encrypted(values) is is_so


@pytest.mark.parametrize(
    ("value", "is_so"),
    [
        (ENCRYPTED.format("str"), True),
        ("ENC[other]", False),
        (f" {ENCRYPTED}", False),
        (5, False),
        (None, False),
    ],
)
def test_a_value_is_secret_where_sops_encrypted_it(value: Any, is_so: bool) -> None:
    assert is_secret(value) is is_so


def test_each_encrypted_value_has_something_of_its_kind_in_its_place() -> None:
    kinds = ("str", "int", "float", "bool", "bytes", "comment")
    values = {
        **{kind: ENCRYPTED.format(kind) for kind in kinds},
        "list": [ENCRYPTED.format("int"), "open", {"a": ENCRYPTED.format("bool")}],
        "odd": "ENC[AES256_GCM,data:type:x,type:int]",
        "plain": 5,
        "sops": {"mac": "x"},
    }
    assert stood_in(values) == {
        "str": "stand-in",
        "int": 1,
        "float": 1.5,
        "bool": True,
        "bytes": "stand-in",
        "comment": "stand-in",
        "list": [1, "open", {"a": True}],
        "odd": 1,
        "plain": 5,
    }


def test_the_first_encrypted_value_that_lost_the_part_of_sops_is_named() -> None:
    refuse_remains({"a": "open", "b": {"c": 1}}, FILE)
    with pytest.raises(PlanRefused) as caught:
        refuse_remains({"b": {"c": ENCRYPTED}, "a": {"x.y": [ENCRYPTED]}}, FILE)
    error = caught.value
    assert error.words == "A values file holds what SOPS encrypted, but not SOPS's own part"
    assert error.where == '/nowhere/s.yaml, a."x.y"'
    assert error.advice == "Encrypt the whole file anew: this value can't be decrypted any more"


async def test_it_gets_the_text_the_key_and_what_is_listed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/of-the-bot")
    monkeypatch.setenv("TELEGRAM_TOKEN", "canary")
    body = 'printf "%s\\n" "$PWD" "$@" > seen; env > given; cat > stdin; cat "$SOPS_AGE_KEY_FILE" > key; echo opened: 1'
    sops = program(tmp_path, body, age_key=Secret("AGE-KEY"), variables={"AWS_REGION": Secret("eu-west-1")})
    assert await decrypted("a: b\n", tmp_path / "s.yaml", sops) == "opened: 1\n"
    arguments = ["decrypt", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin"]
    assert (tmp_path / "seen").read_text().splitlines() == [str(tmp_path), *arguments]
    assert (tmp_path / "stdin").read_text() == "a: b\n"
    assert (tmp_path / "key").read_text() == "AGE-KEY"
    given = dict(line.split("=", 1) for line in (tmp_path / "given").read_text().splitlines())
    assert given.keys() - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        "PATH",
        "HOME",
        "AWS_REGION",
        "SOPS_AGE_KEY_FILE",
    }
    assert (given["HOME"], given["AWS_REGION"]) == ("/home/of-the-bot", "eu-west-1")


async def test_without_a_key_of_ours_it_looks_for_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    assert (
        await decrypted("", tmp_path / "s.yaml", program(tmp_path, 'echo "[$SOPS_AGE_KEY_FILE$HOME]"'))
        == "[]\n"
    )


async def test_what_is_no_text_is_read_as_far_as_it_is(tmp_path: Path) -> None:
    assert await decrypted("", tmp_path / "s.yaml", program(tmp_path, "printf 'a: \\377'")) == "a: \ufffd"


async def test_values_that_are_encrypted_without_sops_say_how_they_are_opened(tmp_path: Path) -> None:
    error = await refused(tmp_path, None)
    assert (error.words, error.where) == ("A values file is encrypted by SOPS", str(tmp_path / "s.yaml"))
    assert error.advice == "Name the program that opens it: sops: {age_key_file: …} in the configuration"


@pytest.mark.parametrize("named", ["age_key", "variables"])
async def test_a_key_that_cannot_be_read_is_said_to_be_one(tmp_path: Path, named: str) -> None:
    gone = Secret(file=tmp_path / "gone")
    sops = Sops().model_copy(update={named: gone if named == "age_key" else {"AWS": gone}})
    error = await refused(tmp_path, sops)
    assert (error.words, error.where) == ("The key for SOPS can't be read", str(tmp_path / "s.yaml"))
    assert "gone" in error.advice


@pytest.mark.parametrize(
    ("body", "words", "advice"),
    [
        (
            "sleep 60",
            "sops did not answer within 1 s",
            "Is its key service reachable? `sops: {timeout: …}` gives it longer",
        ),
        (f"head -c {LARGEST + 1} /dev/zero; sleep 60", "sops answers with more than values can be", ""),
        (
            f"exit {NO_KEY}",
            "No key that sops has opens a values file",
            "Check `sops` in the configuration",
        ),
        (
            f"exit {TAMPERED}",
            "A values file was changed after SOPS encrypted it",
            "Edit it with `sops edit`",
        ),
        ("exit 7", "sops can't decrypt a values file", "Try `sops decrypt` on the bot's machine"),
    ],
)
async def test_each_way_to_fail_has_its_words(tmp_path: Path, body: str, words: str, advice: str) -> None:
    error = await refused(tmp_path, program(tmp_path, body, timeout=0.6 if body == "sleep 60" else 30))
    assert (error.words, error.where, error.advice) == (words, str(tmp_path / "s.yaml"), advice)
    assert error.quote == ""


async def test_a_program_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    error = await refused(tmp_path, Sops(program="no-such-sops"))
    assert error.words == "The program no-such-sops can't be run"
    assert error.where == f"{tmp_path / 's.yaml'}: No such file or directory"
    assert error.advice == "Install SOPS, or set `sops: {program: …}` to where it is"


async def test_what_it_says_is_quoted_in_part_and_without_what_it_was_given(tmp_path: Path) -> None:
    said = "x" * 150
    body = f'printf "no   key\\n in {said} AGE-SECRET-KEY-1 eu-secret-1 and more {said}" >&2; exit 1'
    sops = program(tmp_path, body, age_key=Secret("AGE-SECRET-KEY-1"), variables={"A": Secret("eu-secret-1")})
    quote = (await refused(tmp_path, sops)).quote
    assert quote.startswith(f"no key in {said} ••• ••• and more xxx")
    assert len(quote) == 200
