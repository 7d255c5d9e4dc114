"""Scripts through the sandbox's Telegram on real control planes, whose nodes the sandbox plays."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.sandbox.given import Given
from bot.sandbox.running import Running, play, started
from bot.sandbox.world import CHART
from tests.control_plane.running import ControlPlane
from tests.conversing import conversation
from tests.worlds import QUICK

__all__ = ["QUICK", "Running", "configured", "given", "goes_as_told", "started"]


def given(*planes: ControlPlane, folder: Path, names: tuple[str, ...] = ("main", "other")) -> Given:
    """These planes, as contexts of one kubeconfig."""
    whole: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": names[0]}
    parts = {"clusters": "cluster", "users": "user", "contexts": "context"}
    for name, plane in zip(names, planes, strict=False):
        content = yaml.safe_load(plane.kubeconfig.read_text())
        for many, one in parts.items():
            (entry,) = content[many]
            inner = {"cluster": name, "user": name} if one == "context" else entry[one]
            whole.setdefault(many, []).append({"name": name, one: inner})
    path = folder / "given.kubeconfig"
    path.write_text(yaml.safe_dump(whole))
    return Given(path, play_nodes=True)


async def goes_as_told(running: Running, script: str) -> None:
    """Play a script; what is not as told is a failure."""
    out = io.StringIO()
    code = await play(running, conversation(script), out)
    assert code == 0, out.getvalue()


def configured(folder: Path, environments: Mapping[str, Mapping[str, Any]]) -> Path:
    """A configuration with two people and one app, whose releases begin with a migration."""
    path = folder / "config.yaml"
    values = folder / "values.yaml"
    values.write_text(yaml.safe_dump({"migration": {"enabled": True, "args": ["migrate"]}}))
    defaults = {"namespace": "{{ app }}", "create_namespace": True, "on_failure": "rollback", "timeout": "8s"}
    clusters = {each["cluster"] for each in environments.values()}
    content = {
        "telegram": {"token": "${TELEGRAM_TOKEN}"},
        "store": "sqlite:///state/pilothouse.db",
        "chats": {"team": {"id": -1001000000001}},
        "people": {"kim": {"id": 1001, "name": "Kim"}, "dana": {"id": 1002, "name": "Dana"}},
        "bindings": [{"role": "admin", "people": ["kim", "dana"]}],
        "clusters": {name: {"kubeconfig": "kubeconfig", "context": name} for name in clusters},
        "environments": {key: {**defaults, **each} for key, each in environments.items()},
        "apps": {
            "shop": {
                "chart": str(CHART),
                "image": "registry.example.org/shop",
                "values": [str(values)],
                "environments": list(environments),
            }
        },
        "sandbox": {"members": {"team": ["kim", "dana"]}},
    }
    path.write_text(yaml.safe_dump(content))
    return path
