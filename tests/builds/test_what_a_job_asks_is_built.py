"""What the container of a build's Job runs, as its manifest has it, with a real BuildKit: from git to the digest."""

import asyncio
import base64
import os
from pathlib import Path

from bot.events import BuildStep, BuildWords
from bot.images.access import Account
from bot.images.builders.building import BuildEvent, BuildRequest, Origin, RegistryLogin
from bot.images.builders.buildkit_words import BuildkitWords
from bot.images.builders.job_manifest import JobSettings, job, secret
from tests.buildkit.running import BuildkitDaemon
from tests.builds.plain import read_back
from tests.builds.repositories import BUSYBOX, Repository
from tests.images import real_registry
from tests.images.git_server import CANARY, GitServer, serving

DOCKERFILE = """\
FROM scratch
COPY --chmod=755 busybox /bin/
RUN ["/bin/busybox", "--install", "/bin"]
COPY notes /srv/
RUN --mount=type=secret,id=pip test "$(cat /run/secrets/pip)" = installed && echo compiling the shop
"""


async def test_a_commit_behind_a_password_is_built_and_its_digest_is_told(
    tmp_path: Path, buildkit: BuildkitDaemon
) -> None:
    repository = Repository(tmp_path / "git" / "shop")
    busybox = BUSYBOX.read_bytes()
    sha = repository.commit(
        {"api/Dockerfile": DOCKERFILE, "api/notes": "n", "api/busybox": busybox}, "Begin the shop"
    )
    repository.commit({"api/Dockerfile": "FROM nowhere\n"}, "Break it")
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "git" / "shop.git"))
    (tmp_path / "registry").mkdir()
    async with (
        serving(GitServer(tmp_path / "git", account=("ci", CANARY)), tmp_path) as git,
        real_registry.running(tmp_path / "registry") as registry,
    ):
        buildkit.trust(git.ca_file)
        request = BuildRequest(
            build="ab12",
            origin=Origin(f"{git.url}/shop", sha, "api", Account("ci", CANARY)),
            context=tmp_path / "shop",
            dockerfile=tmp_path / "shop" / "Dockerfile",
            image=f"{registry}/team/shop:main",
            room=tmp_path,
            secrets={"pip": "installed"},
            labels={"title": "a shop, with spaces"},
            logins=(RegistryLogin(registry, "ci", "s3cret", plain_http=True),),
        )
        told: list[BuildEvent] = []
        digest = await run(request, buildkit, told, tmp_path / "pod")
        built = await read_back(f"http://{registry}/v2/team/shop/", digest, login=real_registry.LOGIN)
    assert built.config["config"]["Labels"] == {"title": "a shop, with spaces"}
    assert "srv/notes" in built.members()
    assert BuildWords(("compiling the shop",)) in told
    assert {each.state for each in told if isinstance(each, BuildStep)} == {"running", "done"}


async def run(request: BuildRequest, daemon: BuildkitDaemon, told: list[BuildEvent], folder: Path) -> str:
    """Run what the pod runs, its places in a folder of ours and its own daemon another; what the pod says last."""
    made = job("ab12", request, JobSettings("builds", "moby/buildkit:v0.31.2-rootless", 300))
    container = made["spec"]["template"]["spec"]["containers"][0]
    folder.mkdir()
    made["metadata"]["uid"] = "1"
    for name, content in secret("ab12", request, made)["data"].items():
        (folder / name).write_bytes(base64.b64decode(content))
    client = folder / "buildctl-daemonless.sh"
    client.write_text(f'#!/bin/sh\nexec {daemon.programs["buildctl"]} --addr {daemon.address} "$@"\n')
    client.chmod(0o755)
    own = {
        "/run/build": folder,
        "/tmp/result.json": folder / "result",
        "/dev/termination-log": folder / "last",
    }

    def moved(text: str) -> str:
        for place, ours in own.items():
            text = text.replace(place, str(ours))
        return text

    process = await asyncio.create_subprocess_exec(
        *(moved(each) for each in (*container["command"], *container["args"])),
        env={"PATH": f"{folder}:{os.environ['PATH']}", "DOCKER_CONFIG": str(folder)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, words = await process.communicate()
    reader = BuildkitWords(told.append)
    reader.read(words.decode().splitlines())
    assert process.returncode == 0, reader.failure(process.returncode or 0)
    return (folder / "last").read_text().strip()
