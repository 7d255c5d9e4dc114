"""Git repositories for builds: a real program's image, made of Debian's static busybox."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

DOCKERFILE = """\
FROM scratch AS tools
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "/bin"]

FROM tools
COPY . /app
RUN echo "compiling the shop" && test ! -e /app/.git
CMD ["/bin/sh", "/app/run"]
"""

BUSYBOX = Path("/bin/busybox")


class Repository:
    """A repository on this machine, whose every commit is Lee's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def commit(self, files: Mapping[str, str | bytes], subject: str) -> str:
        """Write the files and commit them; the commit's id."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        """Run git in it."""
        own = {"GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.folder.parent), "PATH": os.environ["PATH"]}
        who = {
            f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _LEE.items()
        }
        ended = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            env={**own, **who},
            check=True,
            capture_output=True,
            text=True,
        )
        return ended.stdout.strip()


_LEE = {"NAME": "Lee", "EMAIL": "lee@example.org"}


def shop(folder: Path) -> Repository:
    """The shop's source."""
    repository = Repository(folder)
    shutil.copy(BUSYBOX, folder / "busybox")
    repository.commit({"Dockerfile": DOCKERFILE, "run": "exec httpd -f -p 8080\n"}, "Fix cart rounding")
    return repository
