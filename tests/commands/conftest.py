"""A configuration with two apps and two environments, and commands of every shape."""

from pathlib import Path

import pytest
import yaml

from bot.config import Config, load


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Apps shop, blog and the one that only admins see; environments staging and production."""
    (tmp_path / "chart").mkdir()
    app = {"chart": "chart", "image": "registry.example.org/x", "environments": ["staging", "production"]}
    environment = {"cluster": "main", "namespace": "{{ app }}-{{ environment }}"}
    text = yaml.safe_dump(
        {
            "telegram": {"token": "${TOKEN}"},
            "clusters": {"main": {"kubeconfig": "kubeconfig"}},
            "environments": {"staging": environment, "production": environment},
            "apps": {"shop": app, "blog": app, "hidden": app},
        }
    )
    (tmp_path / "config.yaml").write_text(text)
    environ = {"TOKEN": "123456:abcdefghijklmnopqrstuvwxyz0123456789"}
    return load([tmp_path / "config.yaml"], environ)
