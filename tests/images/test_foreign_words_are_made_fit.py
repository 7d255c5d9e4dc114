import pytest

from bot.images.errors import ReferenceInvalid
from bot.images.references import is_loopback, is_tag, parse_repository
from bot.images.wording import one_line


def test_control_and_direction_characters_become_blanks() -> None:
    assert one_line("a\r\n\x1b[31mb\u202ec\u200bd") == "a [31mb c d"


def test_credentials_in_addresses_and_headers_are_taken_out() -> None:
    text = "fatal: https://dana:s3cret@git.example.org/x: Authorization: Basic ZGFuYTpzM2NyZXQ="
    assert one_line(text) == "fatal: https://git.example.org/x: Authorization: Basic …"


def test_a_long_text_is_cut() -> None:
    assert len(one_line("x" * 5000)) == 300


@pytest.mark.parametrize(
    ("text", "host", "name"),
    [
        ("registry.example.org/shop", "registry.example.org", "shop"),
        ("registry.example.org:5000/team/shop", "registry.example.org:5000", "team/shop"),
        ("localhost/shop", "localhost", "shop"),
        ("nginx", "docker.io", "library/nginx"),
        ("bitnami/redis", "docker.io", "bitnami/redis"),
        ("[::1]:5000/shop", "[::1]:5000", "shop"),
    ],
)
def test_a_repository_is_read_as_container_tools_read_it(text: str, host: str, name: str) -> None:
    found = parse_repository(text)
    assert (found.host, found.name) == (host, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Shop",
        "registry.example.org/",
        "registry.example.org/shop:v1",
        "a b",
        "../../etc",
        "--x/y",
        "r.io/é",
        "registry.example.org/../shop",
        "https://registry.example.org/shop",
        "user:pw@host.example/x",
        "a" * 300,
    ],
)
def test_what_names_no_repository_is_refused(text: str) -> None:
    with pytest.raises(ReferenceInvalid):
        parse_repository(text)


def test_only_this_machine_is_loopback() -> None:
    assert all(map(is_loopback, ["127.0.0.1:5000", "127.1.2.3", "localhost", "localhost:80", "[::1]:5000"]))
    assert not any(map(is_loopback, ["localhost.example.org", "10.0.0.1", "127.0.0.1.example.org:80"]))


def test_tags_are_those_of_the_specification() -> None:
    assert is_tag("v1.2_x-Y")
    assert not any(map(is_tag, ["", "-v", ".v", "a b", "x" * 129, "v1+2", "../x"]))
