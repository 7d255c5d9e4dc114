"""Configurations, files of values, kubeconfigs, and Docker's logins."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.access import ClusterAccess
from bot.cluster import KubeconfigUnusable
from bot.cluster.kubeconfigs import one_context
from bot.config import Config, ConfigInvalid, load
from bot.config.models import ValuesLayer
from bot.helm.kubeconfigs import Kubeconfig, KubeconfigRefused
from bot.images.access import Account
from bot.images.docker_config import DockerConfig
from bot.images.errors import RegistryRefused
from bot.planning import decrypting
from bot.planning.errors import PlanRefused
from bot.planning.layers import _parsed
from tests.fuzz.making import WORDS, fuzzed, near, nested, paths, replaced
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
@given(
    content=near("configurations")
    | st.binary(max_size=200)
    | st.text("{}[]:&*!|>-#%'\"\\? \n\tax0", max_size=80).map(str.encode)
)
def test_any_bytes_are_a_configuration_or_are_refused(tmp_path: Path, content: bytes) -> None:
    is_read_or_refused(tmp_path, content)


@fuzzed
@given(
    st.text(max_size=80)
    | st.text("{}[]:&*!|>-#%'\"\\? \n\tax0<", max_size=80)
    | nested(WORDS).map(lambda data: yaml.safe_dump(data))
    | near("values").map(lambda content: content.decode(errors="replace"))
)
def test_any_text_is_values_or_is_refused(content: str) -> None:
    layer = ValuesLayer(Path("values.yaml"), False, False, Path("."))
    with suppress(PlanRefused):
        values = _parsed(content, layer)
        assert isinstance(values, dict)
        if decrypting.is_encrypted(values):
            assert decrypting.METADATA not in decrypting.stood_in(values)
        decrypting.refuse_remains(values, layer.path)


FIELDS = [
    "contexts", "context", "clusters", "cluster", "users", "user", "name", "exec", "command", "current-context",
    "auth-provider", "tokenFile", "client-key-data", "certificate-authority", "proxy-url", "server",
]  # fmt: skip
KUBECONFIGS = near("kubeconfigs") | nested(st.sampled_from(FIELDS)).map(
    lambda data: yaml.safe_dump(data).encode()
)


@fuzzed
@given(content=KUBECONFIGS, context=st.none() | WORDS)
def test_any_kubeconfig_is_read_or_refused(tmp_path: Path, content: bytes, context: str | None) -> None:
    file = tmp_path / "kubeconfig"
    file.write_bytes(content)
    access = ClusterAccess(file, context)
    with suppress(KubeconfigUnusable), one_context(access) as found:
        assert "exec" not in found["users"][0]["user"]
        assert len(json.dumps(found, default=str)) < 10 * len(content) + 1000
    fields = {"in_cluster": False, "kubeconfig": str(file), "context": context, "allow_exec": False}
    with suppress(KubeconfigRefused), Kubeconfig.of({**fields, "proxy": None, "ca_file": None}) as handed:
        assert b"evil" not in Path(handed.path).read_bytes()


LOGINS = near("logins") | nested(
    st.sampled_from(
        ["auths", "auth", "credHelpers", "credsStore", "registry.example.org", "identitytoken", "username"]
    )
).map(lambda data: json.dumps(data).encode())


@fuzzed
@given(content=LOGINS)
async def test_any_file_of_logins_has_one_or_none_or_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(content)
    with suppress(RegistryRefused):
        assert isinstance(await DockerConfig(file, "registry.example.org").account(), Account | None)
