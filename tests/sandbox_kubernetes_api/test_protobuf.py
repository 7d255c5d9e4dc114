"""Bodies in protobuf, byte by byte as Go's clients write them."""

from bot.sandbox.kubernetes.protobuf import MEDIA_TYPE
from tests.sandbox_kubernetes_api.builders import CONFIG_MAPS
from tests.sandbox_kubernetes_api.conftest import Http


def field(number: int, value: bytes | str) -> bytes:
    """A length-delimited field."""
    raw = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(raw)]) + raw


def envelope(api_version: str, kind: str, raw: bytes) -> bytes:
    return b"k8s\x00" + field(1, field(1, api_version) + field(2, kind)) + field(2, raw)


METADATA = field(1, "settings") + field(3, "") + field(8, b"") + field(11, field(1, "a") + field(2, "b"))


async def test_a_config_map_arrives_whole(http: Http) -> None:
    raw = field(1, METADATA) + field(2, field(1, "key") + field(2, "value"))
    status, created = await http.ask("POST", CONFIG_MAPS, envelope("v1", "ConfigMap", raw), kind=MEDIA_TYPE)
    assert status == 201
    assert created["data"] == {"key": "value"}
    assert created["metadata"]["labels"] == {"a": "b"}
    assert created["metadata"]["namespace"] == "default"


async def test_a_secrets_bytes_are_base64(http: Http) -> None:
    raw = field(1, METADATA) + field(2, field(1, "key") + field(2, b"\x00\xff")) + field(3, "Opaque")
    path = "/api/v1/namespaces/default/secrets"
    status, created = await http.ask("POST", path, envelope("v1", "Secret", raw), kind=MEDIA_TYPE)
    assert (status, created["data"]) == (201, {"key": "AP8="})


async def test_a_field_that_is_not_read_is_refused_rather_than_lost(http: Http) -> None:
    raw = field(1, METADATA) + field(15, "new")
    status, answer = await http.ask("POST", CONFIG_MAPS, envelope("v1", "ConfigMap", raw), kind=MEDIA_TYPE)
    assert status == 400
    assert "field 15 of ConfigMap" in answer["message"]


async def test_a_kind_that_is_not_read_is_refused(http: Http) -> None:
    path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
    body = envelope("networking.k8s.io/v1", "NetworkPolicy", field(1, METADATA))
    assert (await http.ask("POST", path, body, kind=MEDIA_TYPE))[0] == 415
