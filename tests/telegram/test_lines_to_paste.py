"""Lines to paste are read back as what was meant, whatever strangers call themselves."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Chat, PersonConfig
from bot.config.reading import read
from bot.telegram.pasting import Entry, chat_entry, person_entry, topic_key
from bot.telegram.text import clean


def pasted(tmp_path: Path, section: str, lines: list[str]) -> Any:
    path = tmp_path / "pasted.yaml"
    path.write_text("\n".join([f"{section}:", *lines, ""]), encoding="utf-8")
    document = read(path, {})
    assert document.problems == []
    return document.data[section]


@given(name=st.text(max_size=80), username=st.none() | st.from_regex(r"[a-z]\w{3,31}", fullmatch=True))
def test_any_name_becomes_an_entry_of_that_person(
    tmp_path_factory: pytest.TempPathFactory, name: str, username: str | None
) -> None:
    tmp_path = tmp_path_factory.mktemp("people")
    entry = person_entry(5012345678, name, {"dana"}, username)
    for lines in ([entry.line()], entry.lines()):
        [(key, fields)] = pasted(tmp_path, "people", lines).items()
        person = PersonConfig.model_validate(fields | {"key": key})
        assert person.id == 5012345678
        assert person.name in (clean(name, lines=False)[:60].strip(), None)
        assert key != "dana"


@given(title=st.text(max_size=80), topic=st.text(max_size=40))
def test_any_title_becomes_an_entry_of_that_chat(
    tmp_path_factory: pytest.TempPathFactory, title: str, topic: str
) -> None:
    tmp_path = tmp_path_factory.mktemp("chats")
    entry = chat_entry(-1001000000001, title, {topic_key(2, topic): 2, "alerts": 3})
    for lines in ([entry.line()], entry.lines()):
        [fields] = pasted(tmp_path, "chats", lines).values()
        chat = Chat.model_validate(fields)
        assert chat.id == -1001000000001
        assert sorted(chat.topics.values()) == [2, 3]


@pytest.mark.parametrize(
    ("name", "taken", "key"),
    [
        ("Nina Kowalska", (), "nina"),
        ("Nina Kowalska", ("nina",), "nina-kowalska"),
        ("Nina", ("nina",), "nina-2"),
        ("Zoë", (), "zoe"),
        ("Лена", (), "person-1009"),
        ("🦊", ("person-1009",), "person-1009-2"),
        ("Yes", (), "person-1009"),
        ("42", (), "person-1009"),
    ],
)
def test_the_key_is_short_typeable_and_free(name: str, taken: tuple[str, ...], key: str) -> None:
    assert person_entry(1009, name, taken).key == key


def test_an_entry_is_written_as_the_configuration_writes_it() -> None:
    assert person_entry(1002, "Dana").line() == "  dana: {id: 1002, name: Dana}"
    entry = chat_entry(-1001000000001, "ACME team", {"deploys": 2})
    assert entry.line() == "  acme-team: {id: -1001000000001, topics: {deploys: 2}}"
    assert entry.lines() == [
        "  acme-team:",
        "    id: -1001000000001",
        "    topics:",
        "      deploys: 2",
    ]
    assert Entry("eve", {"name": 'a: {b} # "c"'}).line() == '  eve: {name: "a: {b} # \\"c\\""}'
