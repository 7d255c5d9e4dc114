"""Which values are secret, and which texts are hidden, before anything is decrypted or deployed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.config.secrets import Secret
from bot.masking import HIDDEN, Masker
from bot.planning.errors import PlanRefused
from bot.planning.hiding import held_by, mask_for, texts_given
from bot.planning.manifests import Manifest, key_of
from bot.planning.tracing import named
from bot.planning.values import layered, secret_paths, secrets_in
from tests.planning.objects import objects
from tests.planning.test_values_are_layered import FACTS, Layers

SOPS = "sops: {mac: x, version: 3}\n"


async def test_secrets_and_the_leaves_of_secret_files_are(tmp_path: Path) -> None:
    layers = Layers(tmp_path)
    layers.file("plain.yaml", "web: {port: 80}\n")
    layers.file("secret.yaml", "db: {user: shop, port: 81}\n", secret=True)
    layers.app = {"secrets": {"mail.password": "${PASSWORD}"}}
    assert await secret_paths(layers.target()) == {("mail", "password"), ("db", "user"), ("db", "port")}


async def test_the_texts_of_a_secret_file_are_those_that_tell_something(tmp_path: Path) -> None:
    layers = Layers(tmp_path)
    layers.file(
        "secret.yaml", "db: {user: shop-owner, password: hunter2, port: 81, tls: true}\n", secret=True
    )
    layers.file("plain.yaml", "web: {host: open}\n")
    secret, plain = layers.target().values
    assert set(await secrets_in(secret, layers.target())) == {"shop-owner", "hunter2"}
    assert await secrets_in(plain, layers.target()) == []


async def test_what_is_encrypted_is_known_without_its_key(tmp_path: Path) -> None:
    layers = Layers(tmp_path)
    encrypted = "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]"
    layers.file("mixed.yaml", f"db: {{user: shop, password: '{encrypted}'}}\n{SOPS}")
    layers.file("whole.yaml", f"key: '{encrypted}'\nplain: x\n{SOPS}", secret=True)
    assert await secret_paths(layers.target()) == {("db", "password"), ("key",), ("plain",)}


async def test_a_file_that_cannot_be_read_now_says_nothing(tmp_path: Path) -> None:
    layers = Layers(tmp_path)
    layers.file("gone.yaml", "db: {user: shop}\n", secret=True)
    layers.file("there.yaml", "db: {port: 81}\n", secret=True)
    target = layers.target()
    (tmp_path / "gone.yaml").unlink()
    assert await secret_paths(target) == {("db", "port")}


async def test_a_secret_that_is_missing_is_named_with_its_key(tmp_path: Path) -> None:
    gone = {"mail.password": Secret(file=tmp_path / "gone")}
    target = replace(Layers(tmp_path).target(), secrets=gone)
    with pytest.raises(PlanRefused) as refused:
        await layered(target, None, (), FACTS)
    assert refused.value.words == "The secret for mail.password can't be read"
    assert "gone" in refused.value.advice


async def test_the_shortest_texts_and_what_everybody_sees_are_not_hidden_by_text(tmp_path: Path) -> None:
    target = Layers(tmp_path).target()
    secret = frozenset({("a",), ("b",)})
    values: dict[str, Any] = {
        "a": ["shop", "staging", "shop-staging", "42", "123", "True", "kite"],
        "c": "open",
    }
    assert texts_given(target, secret, values, {"b": "none"}, {"b": "lead"}) == {"123", "kite", "lead"}


def made(kind: str, name: str = "x", **fields: Any) -> Manifest:
    item = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **fields}
    return Manifest(key_of(item, "shop"), item)


def test_a_secret_holds_its_texts_however_they_are_written() -> None:
    secret = made(
        "Secret", data={"a": "aHVudGVyMg==", "b": "???", "c": "IA=="}, stringData={"d": " kite ", "e": 7}
    )
    assert held_by([secret, made("ConfigMap", data={"a": "open"})], [made("Secret", data=None)]) == {
        "hunter2",
        "kite",
        "7",
    }


def test_a_secret_that_became_a_config_map_is_still_hidden() -> None:
    secret = made("Secret", stringData={"k": "kite"})
    plain = made(
        "ConfigMap", data={"k": "kite", "base": "a2l0ZQ==", "open": "word"}, binaryData={"b": "a2l0ZQ=="}
    )
    shown = mask_for(Masker(), [secret], [plain])(plain.object)
    assert shown["data"] == {"k": HIDDEN, "base": HIDDEN, "open": "word"}
    assert shown["binaryData"] == {"b": HIDDEN}
    assert plain.object["data"]["k"] == "kite"


def test_long_texts_of_a_secret_are_hidden_inside_others_and_short_ones_are_not() -> None:
    secret = made("Secret", stringData={"long": "abcdefghijkl", "short": "abcdefghijk"})
    (deployment,) = objects(
        "{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {a: '--key=abcdefghijkl', b: '--key=abcdefghijk!'}}"
    )
    shown = mask_for(Masker(), [secret, deployment])(deployment.object)
    assert "abcdefghijkl" not in shown["spec"]["a"]
    assert shown["spec"]["b"] == "--key=abcdefghijk!"


def test_what_was_given_is_hidden_as_a_word_and_never_as_a_part_of_one() -> None:
    item = made("Pod", spec={"a": ["secretword!", "secretwords"], "n": 5432, "yes": True, "none": None})
    mask = mask_for(Masker(), [item], given=frozenset({"secretword", "5432", "True", "None"}))
    assert mask(item.object)["spec"] == {
        "a": [f"{HIDDEN}!", "secretwords"],
        "n": HIDDEN,
        "yes": True,
        "none": None,
    }


def test_a_config_map_without_data_is_shown_as_it_is() -> None:
    for item in (made("ConfigMap"), made("ConfigMap", data=None, binaryData=["a"])):
        assert (
            mask_for(Masker(), [made("Secret", stringData={"k": "kite"}), item])(item.object) == item.object
        )


def test_texts_as_short_as_three_are_hidden_alone_and_as_short_as_four_inside_others() -> None:
    item = made("Pod", spec={"a": "abc", "b": "x abc", "c": "abcd", "d": "x abcd abcde"})
    mask = mask_for(Masker(), [item], given=frozenset({"abc", "abcd", "abcde"}))
    assert mask(item.object)["spec"] == {"a": HIDDEN, "b": "x abc", "c": HIDDEN, "d": f"x {HIDDEN} {HIDDEN}"}


def test_of_secrets_only_the_values_are_told_apart_and_all_else_is_hidden_where_it_is_traced() -> None:
    secret = made("Secret", stringData={"k": "kite", "l": "mast"}, type="kite")
    traced = {named(secret.object): frozenset({("stringData", "k"), ("data", "k"), ("type",)})}
    shown = mask_for(Masker(), [secret], traced=traced, given=frozenset({"mast"}))(secret.object)
    assert shown["type"] == HIDDEN
    assert all(shown["stringData"][key].startswith(f"{HIDDEN} ") for key in "kl")
    assert shown["stringData"]["k"] != shown["stringData"]["l"]


def test_a_long_text_is_looked_for_with_what_the_masker_knows_already() -> None:
    secret, item = (
        made("Secret", stringData={"k": " abcdefghijkl\n"}),
        made("Pod", spec={"a": "abcdefghijkl hunter2!"}),
    )
    assert mask_for(Masker(["hunter2!"]), [secret], [item])(item.object)["spec"] == {
        "a": f"{HIDDEN} {HIDDEN}"
    }


def test_of_two_texts_that_begin_alike_the_longer_is_hidden_whole() -> None:
    item = made("Pod", spec={"a": "x abcd-efgh y"})
    mask = mask_for(Masker(), [item], given=frozenset({"abcd", "abcd-efgh"}))
    assert mask(item.object)["spec"] == {"a": f"x {HIDDEN} y"}


def test_only_in_a_config_map_is_a_short_text_of_a_secret_looked_for() -> None:
    secret, item = made("Secret", stringData={"k": "blue"}), made("Widget", data={"k": "blue"})
    assert mask_for(Masker(), [secret], [item])(item.object) == item.object
