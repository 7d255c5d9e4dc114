"""One file of values by itself: what it says, what of it is secret, and in which words it is refused."""

from pathlib import Path

import pytest

from bot.config.models import ValuesLayer
from bot.planning.errors import PlanRefused
from bot.planning.layers import LARGEST, Facts, Opened, asks_for, opened, secret_in
from tests.planning.test_values_are_layered import FACTS, Layers

ENCRYPTED = "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]"
SOPS = "sops: {mac: x, version: 3}\n"


class File:
    """A values file of the target `shop` in `staging`."""

    def __init__(
        self, folder: Path, text: str | bytes, *, secret: bool = False, template: bool = False
    ) -> None:
        self.path = folder / ("values.yaml.j2" if template else "values.yaml")
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.layer = ValuesLayer(self.path, template, secret, within=folder)
        self.target = Layers(folder).target()

    async def opened(self, *, sealed: bool = False) -> Opened:
        return await opened(self.layer, self.target, FACTS, sealed=sealed)

    async def refused(self) -> tuple[str, str, str]:
        """Words, where beside the path, and quote."""
        with pytest.raises(PlanRefused) as caught:
            await self.opened()
        error = caught.value
        return error.words, error.where.removeprefix(str(self.path)), error.quote


TEXT = "db: {user: shop, port: 81, tls: true, none: null}\nlist: [a, {b: 2}]\n"
VALUES = {"db": {"user": "shop", "port": 81, "tls": True, "none": None}, "list": ["a", {"b": 2}]}
ENDS = {("db", "user"), ("db", "port"), ("db", "tls"), ("db", "none"), ("list",)}


@pytest.mark.parametrize("secret", [True, False])
async def test_of_a_secret_file_everything_is_secret_and_of_another_nothing(
    tmp_path: Path, secret: bool
) -> None:
    file = File(tmp_path, TEXT, secret=secret)
    found = await file.opened()
    assert found.values == VALUES
    assert found.secret == (ENDS if secret else frozenset())
    assert await secret_in(file.layer, file.target, FACTS) == found.secret
    assert sorted(found.texts()) == (["2", "81", "a", "shop"] if secret else [])
    assert "shop" not in repr(found)


MIXED = f"db: {{user: shop, password: '{ENCRYPTED}', port: '{ENCRYPTED.replace('str', 'int')}'}}\n{SOPS}"


async def test_of_an_encrypted_file_what_is_encrypted_is_secret(tmp_path: Path) -> None:
    file = File(tmp_path, MIXED)
    assert await secret_in(file.layer, file.target, FACTS) == {("db", "password"), ("db", "port")}
    assert await file.opened(sealed=True) == Opened(
        {"db": {"user": "shop", "password": "stand-in", "port": 1}}, frozenset()
    )
    whole = File(tmp_path, MIXED, secret=True)
    everything = {("db", "user"), ("db", "password"), ("db", "port")}
    assert await secret_in(whole.layer, whole.target, FACTS) == everything


async def test_an_encrypted_template_is_refused_however_it_is_opened(tmp_path: Path) -> None:
    file = File(tmp_path, MIXED, template=True)
    for sealed in (True, False):
        with pytest.raises(PlanRefused) as caught:
            await file.opened(sealed=sealed)
        error = caught.value
        assert (error.words, error.where) == ("A values template is encrypted by SOPS", str(file.path))
        assert error.advice == "Keep what is encrypted in a file of its own, without .j2"


async def test_what_lost_the_part_of_sops_is_refused(tmp_path: Path) -> None:
    words, where, _ = await File(tmp_path, MIXED.replace(SOPS, "")).refused()
    assert words == "A values file holds what SOPS encrypted, but not SOPS's own part"
    assert where == ", db.password"


@pytest.mark.parametrize(
    ("text", "where", "quote"),
    [
        ("a: 1\nb: [\n", ", line 3", "did not find expected node content"),
        ("a: 1\nb: .inf\n", ", line 2", ".inf is no value that JSON knows"),
        ("a: \x07\n", "", "control characters are not allowed"),
    ],
)
async def test_what_is_no_yaml_is_refused_where_it_stands(
    tmp_path: Path, text: str, where: str, quote: str
) -> None:
    words, there, quoted = await File(tmp_path, text).refused()
    assert (words, there) == ("A values file is not valid YAML", where)
    assert quote in quoted


@pytest.mark.parametrize("text", ["- a\n", "text\n", "0\n", "a: 1\n---\nb: 2\n", "{}\n---\n"])
async def test_what_is_no_single_mapping_is_refused(tmp_path: Path, text: str) -> None:
    assert await File(tmp_path, text).refused() == ("A values file should be one mapping", "", "")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n", "{}\n"])
async def test_a_file_that_says_nothing_has_no_values(tmp_path: Path, text: str) -> None:
    assert await File(tmp_path, text).opened() == Opened({})


async def test_a_template_is_filled_in_with_the_facts_and_a_plain_file_is_not(tmp_path: Path) -> None:
    text = "a: '{{ app }}/{{ environment }}/{{ namespace }}/{{ version }}/{{ digest }}/{{ commit }}'\n"
    filled = f"shop/staging/shop-staging/v1.2/{FACTS.digest}/3f2a9c1"
    template = File(tmp_path, text, template=True)
    assert (await template.opened()).values == {"a": filled}
    bare = await opened(template.layer, template.target, Facts("v1"))
    assert bare.values == {"a": "shop/staging/shop-staging/v1//"}
    assert (await File(tmp_path, text).opened()).values["a"].startswith("{{ app }}")


def test_only_a_template_asks_for_what_it_names(tmp_path: Path) -> None:
    text = "a: '{{ commit }}'\n"
    assert asks_for(File(tmp_path, text, template=True).layer, "commit")
    assert not asks_for(File(tmp_path, text, template=True).layer, "digest")
    assert not asks_for(File(tmp_path, text).layer, "commit")


@pytest.mark.parametrize(
    ("text", "where", "quote"),
    [
        ("a: 1\nb: {{ nowhere }}\n", ", line 2", "'nowhere' is undefined"),
        ("a: 1\n\n{% iff %}\n", ", line 3", "Encountered unknown tag 'iff'."),
        ("a: {{ 1 // 0 }}\n", ", line 1", "integer division or modulo by zero"),
        ("{% include '/etc/passwd' %}\n", ", line 1", "no loader for this environment specified"),
    ],
)
async def test_a_template_that_cannot_be_filled_in_is_refused_with_its_line(
    tmp_path: Path, text: str, where: str, quote: str
) -> None:
    words, there, quoted = await File(tmp_path, text, template=True).refused()
    assert (words, there, quoted) == ("A values template can't be filled in", where, quote)


async def test_a_template_does_not_escape_what_it_is_given(tmp_path: Path) -> None:
    assert (await File(tmp_path, "a: {{ '<&>' }}\n", template=True).opened()).values == {"a": "<&>"}


async def test_a_file_may_have_a_mebibyte_and_not_a_byte_more(tmp_path: Path) -> None:
    largest = f"a: {'x' * (LARGEST - 4)}\n"
    assert len((await File(tmp_path, largest).opened()).values["a"]) == LARGEST - 4
    assert await File(tmp_path, f"{largest}\n").refused() == ("A values file is over 1 MiB", "", "")


async def test_what_is_no_text_or_no_file_is_refused(tmp_path: Path) -> None:
    assert await File(tmp_path, b"a: \xff\n").refused() == ("A values file is not UTF-8 text", "", "")
    file = File(tmp_path, "")
    file.path.unlink()
    assert await file.refused() == ("A values file can't be read", ": No such file or directory", "")
    file.path.mkdir()
    assert await file.refused() == ("A values file leads out of its folder", f" is {file.path}", "")


async def test_a_link_leads_anywhere_in_its_folder_and_not_out_of_it(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    file = File(inside, "a: 1\n")
    file.path.rename(inside / "other.yaml")
    file.path.symlink_to("other.yaml")
    assert (await file.opened()).values == {"a": 1}
    (inside / "other.yaml").rename(tmp_path / "other.yaml")
    file.path.unlink()
    file.path.symlink_to("../other.yaml")
    words, where, _ = await file.refused()
    assert (words, where) == ("A values file leads out of its folder", f" is {tmp_path / 'other.yaml'}")
