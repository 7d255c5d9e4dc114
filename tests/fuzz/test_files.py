"""Configurations and files of values."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config, ConfigInvalid, load
from bot.config.models import ValuesLayer
from bot.planning.errors import PlanRefused
from bot.planning.layers import _parsed
from tests.fuzz.making import WORDS, fuzzed, nested, paths, replaced
from tests.project.places import text
from tests.project.test_documents_tell_the_truth import ENVIRON, keys_of

KEYS = st.sampled_from(sorted(keys_of(Config, set())))
SECTIONS = st.sampled_from(sorted(Config.model_fields))
EXAMPLE: dict[str, Any] = yaml.safe_load(text("config.example.yaml"))


def is_read_or_refused(folder: Path, content: bytes) -> None:
    file = folder / "config.yaml"
    file.write_bytes(content)
    try:
        load([file], ENVIRON)
    except ConfigInvalid as refused:
        said = [each.message for each in refused.problems]
    else:
        return
    assert said
    assert all(said)


@fuzzed
@given(content=st.dictionaries(SECTIONS, nested(KEYS), max_size=4))
def test_any_sections_are_a_configuration_or_are_refused(tmp_path: Path, content: Any) -> None:
    is_read_or_refused(tmp_path, yaml.safe_dump(content, allow_unicode=True).encode("utf-8", "surrogatepass"))


@fuzzed
@given(path=st.sampled_from(paths(EXAMPLE)), value=nested(KEYS))
def test_one_wrong_part_is_refused_in_words(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    is_read_or_refused(tmp_path, yaml.safe_dump(replaced(EXAMPLE, path, value)).encode())


@fuzzed
@given(content=st.binary(max_size=200) | st.text("{}[]:&*!|>-#%'\"\\? \n\tax0", max_size=80).map(str.encode))
def test_any_bytes_are_a_configuration_or_are_refused(tmp_path: Path, content: bytes) -> None:
    is_read_or_refused(tmp_path, content)


@fuzzed
@given(
    st.text(max_size=80)
    | st.text("{}[]:&*!|>-#%'\"\\? \n\tax0<", max_size=80)
    | nested(WORDS).map(lambda data: yaml.safe_dump(data))
)
def test_any_text_is_values_or_is_refused(content: str) -> None:
    layer = ValuesLayer(Path("values.yaml"), False, False, Path("."))
    with suppress(PlanRefused):
        assert isinstance(_parsed(content, layer), dict)
