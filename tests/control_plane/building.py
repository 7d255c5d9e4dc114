"""Where the control plane's programs come from: KUBEBUILDER_ASSETS (envtest's convention), else Go, built once.

What is built is kept in a cache outside the checkout, in a folder of its own for each state of the Go module.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

MODULE = Path(__file__).parent

PROGRAMS: Mapping[str, str] = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "helm": "helm.sh/helm/v4/cmd/helm",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
"""The programs and their packages, which the module's `tool` directives name as well."""

HOW = (
    "There is no control plane to test on: install Go ({go} or newer) and run `make control-plane`, or set "
    "KUBEBUILDER_ASSETS to a folder with {programs}, or KUBECONFIG for `make test-cluster`"
)


class Unavailable(Exception):
    """There is no control plane to be had here; the message says in one line what to set."""


def found() -> dict[str, Path]:
    """Every program, without building anything: that takes longer than a test may.

    Raises: Unavailable where one is missing.
    """
    paths = {name: _given(name) or _built(name) for name in PROGRAMS}
    if not all(path.is_file() for path in paths.values()):
        raise Unavailable(_how())
    return paths


def build(say: Callable[[str], None]) -> dict[str, Path]:
    """Every program, the missing ones built one after the other; what is going on is told to `say`.

    Raises: Unavailable where Go is missing or too old, CalledProcessError where it does not build.
    """
    paths: dict[str, Path] = {}
    for number, (name, package) in enumerate(PROGRAMS.items(), 1):
        path = _given(name) or _built(name)
        if not path.is_file():
            say(f"[{number}/{len(PROGRAMS)}] building {name}; the first time this takes minutes")
            with _alone(path.parent):
                if not path.is_file():  # another process may have built it while we waited
                    _go_build(package, path)
        paths[name] = path
    return paths


def _how() -> str:
    return HOW.format(go=".".join(str(part) for part in _required_go()), programs=", ".join(PROGRAMS))


def _given(name: str) -> Path | None:
    """The program as KUBEBUILDER_ASSETS has it; envtest's own folders lack some, which are then built."""
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    path = Path(folder) / name if folder else None
    return path if path is not None and path.is_file() else None


def _built(name: str) -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    state = hashlib.sha256((MODULE / "go.mod").read_bytes() + (MODULE / "go.sum").read_bytes())
    return caches / "pilothouse" / "control-plane" / state.hexdigest()[:16] / name


def _go_build(package: str, path: Path) -> None:
    go = shutil.which("go")
    if go is None or _version_of_go(go) < _required_go():
        raise Unavailable(_how())
    unfinished = path.with_suffix(".unfinished")
    command = [go, "build", "-trimpath", f"-ldflags=-s -w {_stamp()}", "-o", str(unfinished), package]
    # -mod=mod would write to go.sum, a vendor folder is never there: what is pinned is what is built
    subprocess.run(command, cwd=MODULE, env={**os.environ, "GOFLAGS": "-mod=readonly"}, check=True)
    unfinished.rename(path)


def _stamp() -> str:
    """The version in the programs: without it Kubernetes is v0.0.0, which charts' kubeVersion ranges refuse."""
    version = pinned("k8s.io/kubernetes")
    major, minor, _ = version.removeprefix("v").split(".")
    package = "k8s.io/component-base/version"
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    stamps = {f"{package}.{key}": value for key, value in values.items()}
    stamps["helm.sh/helm/v4/internal/version.version"] = pinned("helm.sh/helm/v4")
    return " ".join(f"-X {variable}={value}" for variable, value in stamps.items())


def pinned(module: str) -> str:
    """The version of a required module, as "v1.37.2"."""
    match = re.search(rf"^\t{re.escape(module)} (v\S+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    assert match is not None, f"go.mod does not require {module}"
    return match[1]


def _required_go() -> tuple[int, ...]:
    match = re.search(r"^go (\S+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    assert match is not None, "go.mod names no version of Go"
    return tuple(int(part) for part in match[1].split("."))


def _version_of_go(go: str) -> tuple[int, ...]:
    words = subprocess.run([go, "env", "GOVERSION"], cwd=MODULE, capture_output=True, text=True, check=False)
    return tuple(int(part) for part in re.findall(r"\d+", words.stdout)[:3])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One builder at a time: the workers of a test run may all find that there is nothing yet."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
