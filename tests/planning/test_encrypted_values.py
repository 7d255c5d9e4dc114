"""Values files that SOPS encrypted, opened by the real program, or refused with words."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import Target, load
from bot.planning.errors import PlanRefused
from bot.planning.layers import Facts
from bot.planning.values import Layered, layered, secrets_in
from tests.sops import PROGRAM, Key, encrypted, new_key

SECRETS = {
    "db": {"password": "hunter2hunter2", "port": 5432, "tls": True},
    "keys": ["first-k3y", "second-k3y"],
}


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return new_key(tmp_path / "age.txt")


def target(folder: Path, *files: Any, sops: dict[str, Any] | None, **environ: str) -> Target:
    (folder / "chart").mkdir(exist_ok=True)
    config = {
        "telegram": {"token": "${TOKEN}"},
        "clusters": {"main": {"kubeconfig": "kubeconfig"}},
        "environments": {"staging": {"cluster": "main", "namespace": "{{ app }}-staging"}},
        "apps": {"shop": {"chart": "chart", "environments": ["staging"], "values": list(files)}},
        **({"sops": {"program": PROGRAM, **sops}} if sops is not None else {}),
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    token = "123456:abcdefghijklmnopqrstuvwxyz0123456789"
    return load([folder / "config.yaml"], {"TOKEN": token, **environ}).target("shop", "staging")


async def values(target: Target) -> Layered:
    return await layered(target, None, (), Facts("v1"))


async def refused(target: Target) -> PlanRefused:
    with pytest.raises(PlanRefused) as caught:
        await values(target)
    return caught.value


async def test_what_was_encrypted_is_read_and_is_secret(tmp_path: Path, key: Key) -> None:
    (tmp_path / "a.yaml").write_text("db: {host: db, port: 1}\n")
    (tmp_path / "s.yaml").write_text(await encrypted(SECRETS, key))
    shop = target(tmp_path, "a.yaml", "s.yaml", sops={"age_key_file": "age.txt"})
    found = await values(shop)
    assert found.values == {
        **SECRETS,
        "db": {"host": "db", "password": "hunter2hunter2", "port": 5432, "tls": True},
    }
    assert set(found.secrets) == {"hunter2hunter2", "first-k3y", "second-k3y"}
    assert found.hidden == {("db", "password"), ("db", "port"), ("db", "tls"), ("keys",)}
    assert set(await secrets_in(shop.values[1], shop)) == set(found.secrets)


async def test_what_the_files_rules_left_in_the_clear_is_no_secret(tmp_path: Path, key: Key) -> None:
    text = await encrypted(SECRETS, key, "--encrypted-regex", "^password$")
    (tmp_path / "s.yaml").write_text(text)
    found = await values(target(tmp_path, "s.yaml", sops={"age_key_file": "age.txt"}))
    assert found.values == SECRETS
    assert found.secrets == ("hunter2hunter2",)
    assert found.hidden == {("db", "password")}
    whole = await values(
        target(tmp_path, {"file": "s.yaml", "secret": True}, sops={"age_key_file": "age.txt"})
    )
    assert whole.hidden == {("db", "password"), ("db", "port"), ("db", "tls"), ("keys",)}


async def test_the_key_may_be_a_variable_and_a_replaced_file_is_read_anew(tmp_path: Path, key: Key) -> None:
    (tmp_path / "s.yaml").write_text(await encrypted(SECRETS, key))
    by_variable = target(tmp_path, "s.yaml", sops={"age_key": "${AGE}"}, AGE=key.text)
    assert (await values(by_variable)).values == SECRETS
    by_file = target(tmp_path, "s.yaml", sops={"age_key_file": "age.txt"})
    new = new_key(tmp_path / "age.txt")
    assert (await refused(by_file)).words == "No key that sops has opens a values file"
    (tmp_path / "s.yaml").write_text(await encrypted({"a": "b"}, new))
    assert (await values(by_file)).values == {"a": "b"}


async def test_without_sops_it_is_refused_by_name(tmp_path: Path, key: Key) -> None:
    (tmp_path / "s.yaml").write_text(await encrypted(SECRETS, key))
    error = await refused(target(tmp_path, "s.yaml", sops=None))
    assert (error.words, error.where) == ("A values file is encrypted by SOPS", str(tmp_path / "s.yaml"))
    assert "sops:" in error.advice


async def test_no_refusal_holds_a_key(tmp_path: Path, key: Key) -> None:
    text = await encrypted(SECRETS, key)
    (tmp_path / "s.yaml").write_text(text)
    (tmp_path / "bad").write_text("AGE-SECRET-KEY-no-such-key\n")
    wrong = new_key(tmp_path / "other.txt")
    for sops in ({}, {"age_key_file": "bad"}, {"age_key_file": "other.txt"}):
        error = await refused(target(tmp_path, "s.yaml", sops=sops))
        assert error.words == "No key that sops has opens a values file"
        assert error.where == str(tmp_path / "s.yaml")
        said = f"{error.advice} {error.quote}"
        assert not any(secret in said for secret in (key.text, wrong.text, "no-such-key", "hunter2"))
    (tmp_path / "s.yaml").write_text(text.replace("data:", "data:A", 1))
    error = await refused(target(tmp_path, "s.yaml", sops={"age_key_file": "age.txt"}))
    assert "sops can't decrypt" in error.words or "changed after" in error.words
    missing = target(tmp_path, "s.yaml", sops={"age_key_file": "gone"})
    assert "gone" in (await refused(missing)).advice


async def test_a_file_that_was_changed_by_hand_is_refused(tmp_path: Path, key: Key) -> None:
    text = await encrypted(SECRETS, key, "--encrypted-regex", "^password$")
    (tmp_path / "s.yaml").write_text(text.replace("port: 5432", "port: 5433"))
    error = await refused(target(tmp_path, "s.yaml", sops={"age_key_file": "age.txt"}))
    assert error.words == "A values file was changed after SOPS encrypted it"


async def test_an_encrypted_template_is_refused(tmp_path: Path, key: Key) -> None:
    (tmp_path / "s.yaml.j2").write_text(await encrypted(SECRETS, key))
    error = await refused(target(tmp_path, "s.yaml.j2", sops={"age_key_file": "age.txt"}))
    assert error.words == "A values template is encrypted by SOPS"


async def test_encrypted_values_without_their_metadata_never_become_passwords(
    tmp_path: Path, key: Key
) -> None:
    values = yaml.safe_load(await encrypted(SECRETS, key))
    del values["sops"]
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(values))
    for sops in (None, {"age_key_file": "age.txt"}):
        error = await refused(target(tmp_path, "s.yaml", sops=sops))
        assert "not SOPS's own part" in error.words
        assert error.where == f"{tmp_path / 's.yaml'}, db.password"


async def test_what_depends_on_no_secret_needs_no_key(tmp_path: Path, key: Key) -> None:
    """Which rights a chart needs is printed by people who have no key."""
    (tmp_path / "s.yaml").write_text(await encrypted({**SECRETS, "rate_unencrypted": 2}, key))
    found = await layered(target(tmp_path, "s.yaml", sops=None), None, (), Facts("v1"), sealed=True)
    assert found.values == {
        "db": {"password": "stand-in", "port": 1, "tls": True},
        "keys": ["stand-in", "stand-in"],
        "rate_unencrypted": 2,
    }


async def test_json_is_decrypted_as_well(tmp_path: Path, key: Key) -> None:
    text = await encrypted(SECRETS, key, "--output-type", "json")
    (tmp_path / "s.json").write_text(text)
    found = await values(target(tmp_path, "s.json", sops={"age_key_file": "age.txt"}))
    assert found.values == SECRETS


def program(folder: Path, body: str) -> str:
    """A stand-in for a program that misbehaves, which the real one can't be made to."""
    path = folder / "program"
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(0o700)
    return str(path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import time; time.sleep(60)", "sops did not answer within 1 s"),
        ("while True: print('x' * 65536)", "sops answers with more than values can be"),
        ("raise SystemExit(7)", "sops can't decrypt a values file"),
    ],
)
async def test_a_program_that_hangs_or_raves_is_ended(
    tmp_path: Path, key: Key, body: str, words: str
) -> None:
    (tmp_path / "s.yaml").write_text(await encrypted(SECRETS, key))
    sops = {"program": program(tmp_path, body), "timeout": "1s"}
    async with asyncio.timeout(50):
        assert (await refused(target(tmp_path, "s.yaml", sops=sops))).words == words


async def test_a_program_that_is_not_there_is_named(tmp_path: Path, key: Key) -> None:
    (tmp_path / "s.yaml").write_text(await encrypted(SECRETS, key))
    error = await refused(target(tmp_path, "s.yaml", sops={"program": "no-such-sops"}))
    assert error.words == "The program no-such-sops can't be run"
    assert "sops: {program" in error.advice


async def test_the_program_gets_what_is_listed_and_no_secret_in_sight(
    tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others on the machine may read a process's arguments and, of the same user, its environment."""
    monkeypatch.setenv("TELEGRAM_TOKEN", "4711:canary")
    (tmp_path / "s.yaml").write_text(await encrypted(SECRETS, key))
    seen = tmp_path / "seen"
    body = f"import os, sys; open({str(seen)!r}, 'w').write(repr([sys.argv, dict(os.environ)])); raise SystemExit(1)"
    sops = {"program": program(tmp_path, body), "age_key_file": "age.txt", "variables": ["AWS_REGION"]}
    await refused(target(tmp_path, "s.yaml", sops=sops, AWS_REGION="eu-west-1"))
    told = seen.read_text()
    assert "eu-west-1" in told
    assert not any(secret in told for secret in (key.text, "canary", "ENC["))


async def test_a_variable_that_is_listed_and_not_set_is_named(tmp_path: Path, key: Key) -> None:
    (tmp_path / "s.yaml").write_text(await encrypted(SECRETS, key))
    error = await refused(target(tmp_path, "s.yaml", sops={"variables": ["AWS_REGION"]}))
    assert "AWS_REGION is not set" in error.advice
