"""A BuildKit daemon is asked by its client, whose words were recorded from a real one."""

import shutil
from pathlib import Path

import pytest

from bot.events import BuildStep, BuildWords, Pushed
from bot.images.builders.building import BuildEvent, BuildRequest, RegistryLogin
from bot.images.builders.buildkit import Buildkit, BuildkitSettings
from bot.images.errors import BuildFailed
from tests.builds.plain import request_for
from tests.builds.played import DIGEST, RECORDED

PASSWORD, SECRET = "c4nary-registry", "c4nary-build"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the program that stands for the client."""
    folder = tmp_path / "client"
    shutil.copytree(RECORDED, folder)
    shutil.copy(RECORDED.parent / "buildctl", folder)
    (folder / "version").write_text("BuildKit: github.com/moby/buildkit v0.31.2 1a2b\n")
    (folder / "ends").write_text("built")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def daemon(address: str = "tcp://buildkit.example.org:1234") -> Buildkit:
    return Buildkit(lambda: BuildkitSettings(address, 60))


def request_in(folder: Path) -> BuildRequest:
    (folder / "source").mkdir()
    login = RegistryLogin("registry.example.org", "ci", PASSWORD, plain_http=True)
    return request_for(
        folder,
        "registry.example.org/shop:main",
        target="shop",
        args={"STAGE": "test"},
        labels={"org.opencontainers.image.revision": "4f0c"},
        secrets={"pip": SECRET},
        logins=(login,),
    )


async def test_a_build_is_told_step_by_step_and_ends_with_its_digest(tmp_path: Path, client: Path) -> None:
    told: list[BuildEvent] = []
    assert await daemon().missing() == ""
    assert await daemon().build(request_in(tmp_path), told.append) == DIGEST
    done = [each.instruction for each in told if isinstance(each, BuildStep) and each.state == "done"]
    assert done[-2:] == ["COPY site /site", 'RUN echo "compiling the shop" && test ! -e /site/.git']
    assert BuildWords(("compiling the shop",)) in told
    assert told[-1] == Pushed(0, 0)


async def test_logins_and_secrets_are_read_by_it_and_stand_in_no_argument(
    tmp_path: Path, client: Path
) -> None:
    await daemon().build(request_in(tmp_path), lambda _: None)
    seen = (client / "seen").read_text()
    asked, _, rest = seen.partition("\n")
    assert '"registry.example.org": {"auth": ' in rest.partition("\n")[0]
    assert (client / "secrets").read_text() == SECRET
    assert SECRET not in seen
    assert PASSWORD not in seen
    for words in (
        "--addr tcp://buildkit.example.org:1234",
        "--opt target=shop",
        "--opt build-arg:STAGE=test",
        "--opt label:org.opencontainers.image.revision=4f0c",
        "name=registry.example.org/shop:main,push=true,oci-mediatypes=true,registry.insecure=true",
    ):
        assert words in asked


async def test_a_failure_names_its_instruction(tmp_path: Path, client: Path) -> None:
    (client / "ends").write_text("failed")
    with pytest.raises(BuildFailed, match="Exit 3") as failed:
        await daemon().build(request_in(tmp_path), lambda _: None)
    assert failed.value.instruction.startswith('RUN echo "linking the shop"')


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("BuildKit: github.com/moby/buildkit v0.28.0 1a2b", "BuildKit 0.28.0 has known holes: use 0.28.1"),
        ("something else", "does not tell its version"),
    ],
)
async def test_a_daemon_that_is_too_old_is_not_used(client: Path, version: str, words: str) -> None:
    (client / "version").write_text(version)
    assert words in await daemon().missing()


async def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "builds.buildkit" in await daemon("").missing()
    assert "buildctl is not installed" in await daemon().missing()


async def test_the_cache_is_kept_below_its_bound(client: Path) -> None:
    await daemon().trim(5 * 10**9)
    assert "prune --keep-storage 5000" in (client / "pruned").read_text()
