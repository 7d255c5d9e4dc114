"""An image of the built-in builder, pushed to Debian's registry, is one that Buildah builds upon and runs."""

import shutil
from pathlib import Path

from bot.clock import SystemClock
from bot.events import BuildWords
from bot.images.access import Credentials, ServerAccess
from bot.images.builders.buildah import Buildah, Settings
from bot.images.builders.building import BuildEvent, RegistryLogin
from bot.images.registry import Registries
from tests.builds.plain import builder, request_for, write
from tests.builds.repositories import BUSYBOX
from tests.images import real_registry
from tests.programs import needed

BASE = """\
FROM scratch
COPY busybox /bin/
COPY --chown=7:8 notes /srv/notes
ENV GREETING="from the base"
WORKDIR /srv
"""
ABOVE = """\
FROM {image}
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox stat -c '%u:%g %n' notes; echo $GREETING; /bin/busybox pwd"]
"""


async def test_buildah_runs_what_it_made(tmp_path: Path) -> None:
    needed("buildah")
    source = tmp_path / "base" / "source"
    write(source, {"Dockerfile": BASE, "notes": "n"})
    shutil.copy(BUSYBOX, source / "busybox")
    (tmp_path / "registry").mkdir()
    said: list[str] = []

    def heard(event: BuildEvent) -> None:
        said.extend(event.lines if isinstance(event, BuildWords) else ())

    async with real_registry.running(tmp_path / "registry") as host:
        image = f"{host}/team/base:v1"
        access = {host: ServerAccess(Credentials("ci", lambda: "s3cret"))}
        async with Registries(access) as registries:
            await builder(registries).build(request_for(tmp_path / "base", image), heard)
        write(tmp_path / "above" / "source", {"Dockerfile": ABOVE.format(image=image)})
        logins = (RegistryLogin(host, "ci", "s3cret", plain_http=True),)
        request = request_for(tmp_path / "above", f"{host}/team/above:v1", logins=logins)
        buildah = Buildah(tmp_path / "layers", lambda: Settings("chroot", 300), SystemClock())
        await buildah.build(request, heard)
    assert "7:8 notes" in said
    assert "from the base" in said
    assert "/srv" in said
