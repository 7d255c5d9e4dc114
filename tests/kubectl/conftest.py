"""The two clusters, and a namespace of the test's own in each."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from bot.sandbox.kubernetes.behaviour import Pace, behaviour_by_tag, exists_by_tag
from bot.sandbox.kubernetes.cluster import KubernetesServer
from tests.control_plane.running import ControlPlane
from tests.kubectl.commands import Both, Shell

PACE = Pace(schedule=0.0, pull=0.1, start=0.1, ready=0.2, crash=0.2, job=0.2, terminate=0.1)
"""As quick as the real cluster's played nodes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them in one event loop, in which the embedded server lives."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[KubernetesServer]:
    async with KubernetesServer(pace=PACE, behaviour=behaviour_by_tag, image_exists=exists_by_tag) as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where kubectl keeps what it has discovered."""
    return tmp_path_factory.mktemp("home")


def _shell(kubeconfig: str, home: Path, name: str) -> Shell:
    """A shell whose current context has a namespace of the test's own, which is not made yet."""
    content = yaml.safe_load(kubeconfig)
    shell = Shell(
        home / f"{name}-{uuid.uuid4().hex[:8]}", f"kubectl-{uuid.uuid4().hex[:10]}", {"HOME": str(home)}
    )
    for each in content["contexts"]:
        each["context"]["namespace"] = shell.namespace
    shell.kubeconfig.write_text(yaml.safe_dump(content))
    return shell


@pytest_asyncio.fixture(loop_scope="session")
async def shell(server: KubernetesServer, home: Path) -> AsyncIterator[Shell]:
    """The embedded cluster alone, for what a real one has otherwise."""
    shell = _shell(server.kubeconfig(), home, "embedded")
    await shell.must("create namespace {ns}")
    yield shell
    await shell.must("delete namespace {ns} --wait=false --ignore-not-found")


@pytest_asyncio.fixture(loop_scope="session")
async def both(shell: Shell, control_plane: ControlPlane, home: Path) -> AsyncIterator[Both]:
    """Both clusters."""
    real = _shell(control_plane.kubeconfig.read_text(), home, "real")
    await real.must("create namespace {ns}")
    yield Both(shell, real)
    await real.must("delete namespace {ns} --wait=false --ignore-not-found")


@pytest.fixture
def edited(both: Both) -> Both:
    """Both, with an editor that makes the first the second."""
    editor = {"KUBE_EDITOR": "sed -i s/first/second/"}
    return Both(
        *(replace(side, environment=side.environment | editor) for side in (both.embedded, both.real))
    )
