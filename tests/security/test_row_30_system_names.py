"""Nobody acts as the system, or as nobody (security.md, rows 5 and 30)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.access import Identity
from bot.config import ConfigInvalid, load


@pytest.mark.parametrize(
    "name",
    [
        "system:masters",
        "system:admin",
        "system:",
        "kubeadm:cluster-admins",
        "",
        " ",
        " kim",
        "kim\n",
        "k\x00m",
    ],
)
def test_nobody_acts_as_the_system_or_as_nobody(configured: Callable[..., list[str]], name: str) -> None:
    for identity in ({"user": name}, {"user": "kim", "groups": ["a", name]}):
        assert configured(people={"kim": {"id": 1, "kubernetes": identity}})
    with pytest.raises(ValueError, match="act as"):
        Identity(name)
    with pytest.raises(ValueError, match="act as"):
        Identity("kim", (name,))


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., list[str]]:
    """The problems of a configuration with these sections."""

    def run(**sections: Any) -> list[str]:
        content = {"telegram": {"token": "${TOKEN}"}, **sections}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        with pytest.raises(ConfigInvalid) as caught:
            load([tmp_path / "config.yaml"], {"TOKEN": "t"})
        return [str(each) for each in caught.value.problems if "kubernetes" in str(each)]

    return run
