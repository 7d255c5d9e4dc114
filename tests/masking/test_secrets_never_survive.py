"""Whatever form a secret travels in, what comes out does not hold it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.masking import HIDDEN, LAST_APPLIED, Masker

FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 without padding": lambda value: base64.b64encode(value.encode()).decode().rstrip("="),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "URL": lambda value: quote(value, safe=""),
    "URL's form": quote_plus,
    "JSON": lambda value: json.dumps(value)[1:-1],
    "JSON in Unicode": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
}
VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z"), exclude_characters="•"), min_size=6
)


@pytest.mark.parametrize("form", FORMS)
@given(value=VALUES, before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_known_value_is_hidden_in_every_form(form: str, value: str, before: str, after: str) -> None:
    written = FORMS[form](value)
    shown = Masker([value]).mask_text(f"{before} {written} {after}")
    assert written not in shown.replace(before, "").replace(after, "")
    assert HIDDEN in shown


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_values_that_hold_one_another_are_all_hidden(values: list[str]) -> None:
    nested = [*values, "".join(values)]
    shown = Masker(nested).mask_text("\n".join(nested))
    assert all(value not in shown for value in nested)


@given(st.lists(VALUES, min_size=1, max_size=12), st.booleans())
def test_values_that_are_learnt_one_after_the_other_are_hidden_as_well(
    values: list[str], longest_first: bool
) -> None:
    nested = ["".join(values), *values]
    masker = Masker()
    for value in nested if longest_first else reversed(nested):
        masker = masker.with_values([value])
    shown = masker.mask_text(f"{nested[0]}\n{' '.join(nested)}")
    assert shown.replace(HIDDEN, "").replace("\n", "").replace(" ", "") == ""


def test_values_that_overlap_are_hidden_whole() -> None:
    masker = Masker(["abcde-1"]).with_values(["de-1-fgh"])
    assert masker.mask_text("x abcde-1-fgh y abcde-1 z") == f"x {HIDDEN} y {HIDDEN} z"


@given(VALUES)
def test_plain_data_is_masked_in_keys_and_values(value: str) -> None:
    assert value not in json.dumps(
        Masker([value]).mask_values({value: [value, {"x": value}]}), ensure_ascii=False
    )


def test_short_values_are_left_alone() -> None:
    assert Masker(["no", "x"]).mask_text("no, x") == "no, x"


@pytest.mark.parametrize(
    "secret",
    [
        "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1",
        "Bearer abcdef0123456789",
        "Basic dXNlcjpwYXNzd29yZA==",
        "https://ci:hunter2hunter2@git.example.org",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    ],
)
def test_what_looks_like_a_secret_is_hidden_though_nobody_named_it(secret: str) -> None:
    shown = Masker().mask_text(f"error: {secret} was refused")
    assert secret not in shown
    assert HIDDEN in shown
    assert shown.startswith("error: ")
    assert shown.endswith(" was refused")


def secret(field: str, value: str, **metadata: Any) -> dict[str, Any]:
    return {"kind": "Secret", "metadata": {"name": "x", **metadata}, field: {"password": value}}


def test_a_secret_object_shows_that_a_value_changed_and_not_the_value() -> None:
    mask = Masker().mask_object
    old, same, new = (mask(secret("stringData", value)) for value in ("canary-1", "canary-1", "canary-2"))
    assert old == same != new
    assert "canary" not in json.dumps([old, new])
    encoded = mask(secret("data", base64.b64encode(b"canary-1").decode()))
    assert encoded["data"] == old["stringData"]


def test_the_last_applied_copy_goes_too() -> None:
    copy = json.dumps(secret("stringData", "canary-1"))
    for kind in ("Secret", "ConfigMap"):
        item = secret("data", "Y2FuYXJ5LTE=", annotations={LAST_APPLIED: copy, "kept": "yes"}) | {
            "kind": kind
        }
        shown = Masker(["canary-1"]).mask_object(item)
        assert "canary" not in json.dumps(shown)
        assert "Y2FuYXJ5" not in json.dumps(shown)
        assert shown["metadata"]["annotations"]["kept"] == "yes"


def test_masking_leaves_the_object_itself_as_it_was() -> None:
    item = secret("data", "Y2FuYXJ5LTE=", annotations={LAST_APPLIED: "{}"})
    before = json.dumps(item)
    Masker().mask_object(item)
    assert json.dumps(item) == before
