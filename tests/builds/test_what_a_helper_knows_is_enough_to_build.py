"""A login that a credential helper gives is known to builders, to pull and to push, and is nowhere to be read."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from bot.images.access import Credentials, ServerAccess
from bot.images.registry import Registries
from bot.masking import HIDDEN
from tests.builds.plain import builder, request_for, write
from tests.builds.remains import contents
from tests.builds.repositories import BUSYBOX, Repository
from tests.images import real_registry
from tests.programs import needed
from tests.worlds import open_bot_world

PASSWORD = "s3cret"
SOUGHT = [PASSWORD.encode(), real_registry.LOGIN["Authorization"].split()[1].encode()]
CONFIG = """
registries:
  {registry}: {{docker_config: docker.json, allow_exec: true, plain_http: true}}
builds: {{builder: buildah, free: 1MB}}
apps:
  shop:
    image: {registry}/team/shop
    tags: {{match: '.*', order: created}}
    source: {{git: "{git}"}}
    build: {{tag: "{{{{ branch }}}}"}}
"""
ELSEWHERE = """
registries:
  registry.example.org: {{docker_config: docker.json, allow_exec: true}}
builds: {{builder: builtin, free: 1MB}}
apps:
  shop:
    tags: {{match: '.*', order: created}}
    source: {{git: "{git}"}}
"""
HELPER = """\
#!{python}
import json, sys
from pathlib import Path

Path(__file__).with_name("asked").write_text(f"{{sys.argv[1:]}} {{(asked := sys.stdin.read())}}")
print(json.dumps({{"ServerURL": asked, "Username": "ci", "Secret": "{password}"}}))
"""
BUILDAH = """\
#!/bin/sh
{{ printf '%s\\n' "$@"; env; }} >> "{folder}/looked-at"
exec {buildah} "$@"
"""
"""Buildah, watched by somebody who sees each of its processes begin."""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a helper `docker-credential-test` and a buildah that is looked at are found first; not below `tmp_path`."""
    needed("buildah")
    folder = tmp_path.with_name(f"{tmp_path.name}-programs")
    folder.mkdir()
    texts = {
        "docker-credential-test": HELPER.format(python=sys.executable, password=PASSWORD),
        "buildah": BUILDAH.format(folder=folder, buildah=shutil.which("buildah")),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o700)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder


async def push_a_base(folder: Path, registry: str) -> str:
    """What a build begins from, in a repository that nobody reads without the password."""
    folder.mkdir()
    write(folder / "source", {"Dockerfile": "FROM scratch\nCOPY --chmod=755 busybox /bin/busybox\n"})
    shutil.copy(BUSYBOX, folder / "source" / "busybox")
    account = Credentials("ci", lambda: PASSWORD)
    async with Registries({registry: ServerAccess(account)}) as registries:
        base = f"{registry}/team/base:1"
        await builder(registries).build(request_for(folder, base), lambda _: None)
    return base


@pytest.mark.parametrize("by", ["credHelpers", "credsStore"])
async def test_a_login_of_a_helper_pulls_and_pushes_and_is_nowhere_to_be_read(
    tmp_path: Path,
    programs: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    by: str,
) -> None:
    (tmp_path / "registry").mkdir()
    async with real_registry.running(tmp_path / "registry") as registry:
        base = await push_a_base(tmp_path / "base", registry)
        helped = {"credHelpers": {registry: "test"}} if by == "credHelpers" else {"credsStore": "test"}
        (tmp_path / "docker.json").write_text(json.dumps(helped))
        repository = Repository(tmp_path / "git" / "shop")
        # What it runs knows the password by itself, and tells it.
        tells = 'RUN ["/bin/busybox", "sh", "-c", "echo czNjcmV0 | /bin/busybox base64 -d"]'
        repository.commit({"Dockerfile": f"FROM {base}\n{tells}\n"}, "Begin")
        config = CONFIG.format(registry=registry, git=repository.url)
        async with open_bot_world(tmp_path, config) as world:
            world.lee.says("/build shop main")
            await world.sees(r"✅ build shop main · ", buttons=["Log"])
            await world.lee.presses("Log")
            log = await world.sees("build shop main")
            messages = list(world.telegram.messages(log.chat_id))
        account = Credentials("ci", lambda: PASSWORD)
        async with Registries({registry: ServerAccess(account)}) as registries:
            assert await registries.digest(f"{registry}/team/shop", "main")
    assert (programs / "asked").read_text() == f"['get'] {registry}"
    assert log.document is not None
    assert f"\n{HIDDEN}".encode() in log.document.content
    looked_at = (programs / "looked-at").read_bytes()
    assert b"\nbuild\n" in looked_at
    assert b"\npush\n" in looked_at
    written = "".join([*capfd.readouterr(), caplog.text, *(each.text for each in messages)]).encode()
    sources = [looked_at, written, log.document.content, *contents(tmp_path)]
    assert not [word for word in SOUGHT if any(word in each for each in sources)]


async def test_a_login_that_cannot_be_had_ends_no_build_that_goes_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "docker.json").write_text(json.dumps({"credsStore": "nobody-has-it"}))
    repository = Repository(tmp_path / "git" / "shop")
    repository.commit({"Dockerfile": "FROM scratch\nCOPY notes /\n", "notes": "n\n"}, "Begin")
    async with open_bot_world(tmp_path, ELSEWHERE.format(git=repository.url)) as world:
        world.lee.says("/build shop main")
        await world.sees("✅ build shop main · ", buttons=["Log"])
        await world.lee.presses("Log")
        log = await world.sees("build shop main")
    assert log.document is not None
    assert b"No login at registry.example.org: " in log.document.content
    assert b"docker-credential-nobody-has-it" in log.document.content
