"""A program that a kubeconfig names runs only where the configuration allows it (security.md, row 28)."""

from pathlib import Path

import yaml

from tests.security.acting import reconfigured
from tests.worlds import World


async def test_a_credential_plugin_is_refused_in_words_and_does_not_run(world: World, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    kubeconfig = yaml.safe_load(path.read_text(encoding="utf-8"))
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "touch",
        "args": [str(tmp_path / "ran")],
    }
    kubeconfig["users"][0]["user"] = {"exec": {**plugin, "interactiveMode": "Never"}}
    (tmp_path / "other").write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    await reconfigured(world, clusters={"main": {"kubeconfig": "other", "context": world.cluster.name}})
    for command in ("/status shop staging", "/deploy shop v1.2 staging", "/history shop staging"):
        world.kim.says(command, "private")
        await world.sees("credential plugin", chat="private kim")
    assert not (tmp_path / "ran").exists()
