import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import load
from bot.config.models import Target
from bot.planning.errors import PlanRefused
from bot.planning.layers import LARGEST, Facts
from bot.planning.values import Image, Layered, frozen_form, layered, wants_commit

DIGEST = f"sha256:{'4f' * 32}"
IMAGE = Image("registry.example.org/shop", "v1.2", DIGEST)
FACTS = Facts("v1.2", DIGEST, "3f2a9c1")


class Layers:
    """An app `shop` in `staging`, whose values files are written by the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[Any] = []
        self.app: dict[str, Any] = {}

    def file(self, name: str, text: str, *, secret: bool = False) -> str:
        """Add a layer; its path."""
        (self.folder / name).write_text(text)
        self.files.append({"file": name, "secret": secret})
        return str(self.folder / name)

    def target(self) -> Target:
        app = {"chart": "chart", "image": IMAGE.repository, "environments": ["staging"], "values": self.files}
        (self.folder / "chart").mkdir(exist_ok=True)
        config = {
            "telegram": {"token": "${TOKEN}"},
            "clusters": {"main": {"kubeconfig": "kubeconfig"}},
            "environments": {"staging": {"cluster": "main", "namespace": "{{ app }}-staging"}},
            "apps": {"shop": {**app, **self.app}},
        }
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config))
        environ = {"TOKEN": "123456:abcdefghijklmnopqrstuvwxyz0123456789", "PASSWORD": "hunter2"}
        return load([self.folder / "config.yaml"], environ).target("shop", "staging")

    async def values(self, *sets: tuple[str, str], image: Image | None = IMAGE) -> Layered:
        return await layered(self.target(), image, sets, FACTS)

    async def refused(self, *sets: tuple[str, str]) -> PlanRefused:
        with pytest.raises(PlanRefused) as caught:
            await self.values(*sets)
        return caught.value


@pytest.fixture
def layers(tmp_path: Path) -> Layers:
    return Layers(tmp_path)


async def test_later_files_win_and_mappings_merge(layers: Layers) -> None:
    layers.file("a.yaml", "web: {replicas: 1, port: 80}\nlist: [1, 2]\n")
    layers.file("b.yaml", "web: {replicas: 2}\nlist: [3]\n")
    found = (await layers.values(image=None)).values
    assert found == {"web": {"replicas": 2, "port": 80}, "list": [3]}


async def test_truth_values_are_those_that_helm_reads(layers: Layers) -> None:
    layers.file("a.yaml", "debug: no\nmode: 0755\n")
    assert (await layers.values(image=None)).values == {"debug": False, "mode": 493}


async def test_a_template_knows_where_it_is(layers: Layers) -> None:
    layers.file(
        "a.yaml.j2",
        "x: '{{ app }} {{ environment }} {{ namespace }} {{ version }} {{ digest }} {{ commit }}'",
    )
    assert (await layers.values(image=None)).values == {
        "x": f"shop staging shop-staging v1.2 {DIGEST} 3f2a9c1"
    }
    assert wants_commit(layers.target())


async def test_a_template_that_asks_for_what_is_not_there_is_refused_with_its_line(layers: Layers) -> None:
    path = layers.file("a.yaml.j2", "a: 1\nb: 2\nc: {{ nowhere }}\n")
    error = await layers.refused()
    assert (error.words, error.where) == ("A values template can't be filled in", f"{path}, line 3")
    assert "nowhere" in error.quote


async def test_a_template_with_a_wrong_tag_is_refused_with_its_line(layers: Layers) -> None:
    path = layers.file("a.yaml.j2", "a: 1\n{% iff %}\n")
    assert (await layers.refused()).where == f"{path}, line 2"


@pytest.mark.parametrize(
    "expression",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ app.__init__.__globals__ }}",
        "{% include '/etc/passwd' %}",
        "{{ 1 // 0 }}",
        "{{ app + 1 }}",
        "{{ range(10**9) | list }}",
    ],
)
async def test_a_template_stays_in_its_sandbox(layers: Layers, expression: str) -> None:
    path = layers.file("a.yaml.j2", f"a: {expression}\n")
    error = await layers.refused()
    assert error.where == f"{path}, line 1"


async def test_invalid_yaml_is_refused_with_file_and_line(layers: Layers) -> None:
    path = layers.file("a.yaml", "a: 1\nb: [\n")
    error = await layers.refused()
    assert error.words == "A values file is not valid YAML"
    assert error.where.startswith(f"{path}, line ")


@pytest.mark.parametrize("text", ["- a\n", "text\n", "a: 1\n---\nb: 2\n"])
async def test_a_values_file_that_is_no_mapping_is_refused(layers: Layers, text: str) -> None:
    path = layers.file("a.yaml", text)
    error = await layers.refused()
    assert (error.words, error.where) == ("A values file should be one mapping", path)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n"])
async def test_an_empty_values_file_changes_nothing(layers: Layers, text: str) -> None:
    layers.file("a.yaml", text)
    assert (await layers.values(image=None)).values == {}


async def test_a_file_encrypted_by_sops_is_refused_by_name(layers: Layers) -> None:
    path = layers.file("a.yaml", "password: ENC[AES256_GCM,data:x]\nsops: {version: 3.9.0}\n")
    error = await layers.refused()
    assert (error.words, error.where) == ("A values file is encrypted by SOPS", path)


async def test_a_file_over_a_mebibyte_is_refused(layers: Layers) -> None:
    path = layers.file("a.yaml", f"a: {'x' * LARGEST}\n")
    assert (await layers.refused()).where == path


async def test_a_file_that_is_missing_or_no_text_is_refused(layers: Layers) -> None:
    path = layers.file("a.yaml", "")
    target = layers.target()
    Path(path).unlink()
    with pytest.raises(PlanRefused) as caught:
        await layered(target, None, (), FACTS)
    assert path in caught.value.where
    Path(path).write_bytes(b"a: \xff\xfe\n")
    with pytest.raises(PlanRefused) as caught:
        await layered(target, None, (), FACTS)
    assert path in caught.value.where


async def test_the_image_goes_into_the_three_keys_of_a_mapping(layers: Layers) -> None:
    layers.file("a.yaml", "image: {pullPolicy: Always, tag: old}\n")
    assert (await layers.values()).values["image"] == {
        "pullPolicy": "Always",
        "repository": IMAGE.repository,
        "tag": "v1.2",
        "digest": DIGEST,
    }


async def test_the_image_goes_into_keys_of_its_own(layers: Layers) -> None:
    layers.app["image_value"] = {"repository": "a.repo", "tag": "a.version"}
    assert (await layers.values()).values == {"a": {"repo": IMAGE.repository, "version": "v1.2"}}


async def test_the_image_goes_into_one_string(layers: Layers) -> None:
    layers.app["image_value"] = {"single": "web.image"}
    assert (await layers.values()).values == {"web": {"image": f"{IMAGE.repository}:v1.2@{DIGEST}"}}


async def test_a_tag_that_looks_like_a_number_stays_text(layers: Layers) -> None:
    values = (await layers.values(image=Image("r/shop", "1.10"))).values
    assert values["image"]["tag"] == "1.10"


async def test_a_key_inside_what_is_no_mapping_is_refused(layers: Layers) -> None:
    layers.file("a.yaml", "image: nginx\n")
    assert "image is not a mapping" in (await layers.refused()).words


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("0", 0),
        ("true", True),
        ("false", False),
        ("1.10", "1.10"),
        ("0123", "0123"),
        ("yes", "yes"),
        ("1e3", "1e3"),
        ("null", "null"),
        ("{a: b}", "{a: b}"),
        ("[1]", "[1]"),
        ("", ""),
        ("9" * 5000, "9" * 5000),
        ("a,b=c", "a,b=c"),
        ("@/etc/passwd", "@/etc/passwd"),
    ],
)
async def test_what_set_gives_is_a_whole_number_a_truth_value_or_text(
    layers: Layers, text: str, value: object
) -> None:
    layers.app["set_allowed"] = ["web.x"]
    found = (await layers.values(("web.x", text), image=None)).values["web"]["x"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    "key", ["web", "web.y", "web.x.z", "a[999999999]", "image.tag", "", ".", "__class__", "web..x"]
)
async def test_set_touches_no_key_that_is_not_listed(layers: Layers, key: str) -> None:
    layers.app["set_allowed"] = ["web.x"]
    error = await layers.refused((key, "1"))
    assert error.words == f"--set may not touch {key}"
    assert error.advice == "shop allows: web.x"


async def test_secrets_come_last_and_are_told_to_whoever_masks(layers: Layers) -> None:
    layers.file("a.yaml", "db: {password: default, host: db}\n")
    layers.file("s.yaml", "api: {key: k-1234, port: 5432, up: true, user: shop}\n", secret=True)
    layers.app["secrets"] = {"db.password": "${PASSWORD}"}
    found = await layers.values(image=None)
    assert found.values["db"] == {"password": "hunter2", "host": "db"}
    assert set(found.secrets) == {"hunter2", "k-1234"}
    assert found.hidden == {
        ("api", "key"),
        ("api", "port"),
        ("api", "up"),
        ("api", "user"),
        ("db", "password"),
    }
    assert "hunter2" not in repr(found)


async def test_what_is_put_over_a_secret_file_is_no_secret(layers: Layers) -> None:
    layers.file("s.yaml", "image: {tag: old, user: u}\nweb: {x: 1, z: 2}\nplain: {a: 1}\n", secret=True)
    layers.file("z.yaml", "plain: {a: 2}\n")
    layers.app["set_allowed"] = ["web.x"]
    found = await layers.values(("web.x", "3"))
    assert found.hidden == {("image", "user"), ("web", "z")}
    assert found.values["image"]["tag"] == "v1.2"


async def test_a_default_in_one_layer_is_never_changed_by_another_target(layers: Layers) -> None:
    layers.file("a.yaml", "web: &d {x: 1}\nworker: *d\n")
    layers.app["set_allowed"] = ["web.x"]
    assert (await layers.values(("web.x", "2"), image=None)).values == {"web": {"x": 2}, "worker": {"x": 1}}


async def test_values_have_one_frozen_form_whatever_their_order_and_keys(layers: Layers) -> None:
    layers.file("a.yaml", "1: a\nb: c\ntrue: d\n")
    values = (await layers.values(image=None)).values
    assert frozen_form(values) == frozen_form(dict(reversed(values.items())))
    assert json.loads(frozen_form(values)) == values
