"""The Kubernetes Job that runs rootless BuildKit, and the Secret beside it. Pure.

After BuildKit's own examples (docs/rootless.md and examples/kubernetes/job.rootless.yaml of github.com/moby/buildkit):
no privileges, a user of its own, and no confinement by seccomp and AppArmor, which forbid the namespaces that it
makes. The commit's files come from git into the pod, so that nothing has to be sent there.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.images.builders.building import BuildRequest
from bot.images.builders.buildkit import frontend_options
from bot.images.builders.logins import auth_json, buildkitd_toml
from bot.images.errors import BuildFailed

Object = dict[str, Any]

LABEL = "pilothouse/build"
"""Of what is made in a cluster for a build; its value is the build's id."""
CONTAINER = "buildkit"

_USER = 1000
"""Of the rootless image: another one would need an image of one's own."""
_FOLDER = "/run/build"
_CACHE = "/home/user/.local/share/buildkit"

_SCRIPT = r"""
buildctl-daemonless.sh "$@" --metadata-file /tmp/result.json || exit $?
sed -n 's/.*"containerimage.digest": *"\(sha256:[0-9a-f]*\)".*/\1/p' /tmp/result.json >/dev/termination-log
"""
"""The same for each build, whose own words are its arguments. What the pod says at its end is the digest."""


@dataclass(frozen=True)
class JobSettings:
    """Where the Jobs are made and of what, and the longest that one may take, in seconds."""

    namespace: str
    image: str
    seconds: float
    resources: Mapping[str, Any] = field(default_factory=dict)
    """Of the container, as Kubernetes has them."""
    node_selector: Mapping[str, str] = field(default_factory=dict)


def name_of(build: str) -> str:
    """Of a build's Job and Secret."""
    return f"pilothouse-build-{build}"


def job(build: str, request: BuildRequest, settings: JobSettings) -> Object:
    """The Job of a build; it is tried once, and goes by itself some time after its end.

    Raises: BuildFailed where the source can't be read from within a pod.
    """
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name_of(build), "labels": {LABEL: build}},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": int(settings.seconds),
            "ttlSecondsAfterFinished": 3600,
            "template": {
                "metadata": {"labels": {LABEL: build}},
                "spec": {
                    "restartPolicy": "Never",
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "securityContext": {"runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER},
                    "nodeSelector": dict(settings.node_selector),
                    "containers": [_container(request, settings)],
                    "volumes": [
                        # It is made after the Job, which owns it: the pod waits for it.
                        {"name": "build", "secret": {"secretName": name_of(build), "defaultMode": 0o440}},
                        {"name": "cache", "emptyDir": {}},
                    ],
                },
            },
        },
    }


def secret(build: str, request: BuildRequest, owner: Object) -> Object:
    """What the pod must know and nobody else may; it goes with the Job that owns it."""
    files = {"config.json": auth_json(request.logins), "buildkitd.toml": _toml(request).encode()}
    files |= {key: value.encode() for (_, key), value in zip(_ids(request), _values(request), strict=True)}
    files |= {_certificate(number): file.read_bytes() for number, file in enumerate(_authorities(request))}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name_of(build),
            "labels": {LABEL: build},
            "ownerReferences": [
                {
                    "apiVersion": "batch/v1",
                    "kind": "Job",
                    "name": owner["metadata"]["name"],
                    "uid": owner["metadata"]["uid"],
                }
            ],
        },
        "data": {name: base64.b64encode(content).decode() for name, content in files.items()},
    }


def _container(request: BuildRequest, settings: JobSettings) -> Object:
    return {
        "name": CONTAINER,
        "image": settings.image,
        "command": ["sh", "-c", _SCRIPT, "build"],
        "args": list(_arguments(request)),
        "env": [
            {"name": "DOCKER_CONFIG", "value": _FOLDER},
            {
                "name": "BUILDKITD_FLAGS",
                "value": f"--oci-worker-no-process-sandbox --config {_FOLDER}/buildkitd.toml",
            },
        ],
        "resources": dict(settings.resources),
        "securityContext": {
            "seccompProfile": {"type": "Unconfined"},
            "appArmorProfile": {"type": "Unconfined"},
        },
        "volumeMounts": [
            {"name": "build", "mountPath": _FOLDER, "readOnly": True},
            {"name": "cache", "mountPath": _CACHE},
        ],
    }


def _arguments(request: BuildRequest) -> Iterator[str]:
    yield from ("build", "--progress", "rawjson", "--opt", f"context={_context(request)}")
    for name, key in _ids(request):
        yield from ("--secret", f"id={name},src={_FOLDER}/{key}")
    yield from frontend_options(request, str(request.dockerfile.relative_to(request.context)))


def _context(request: BuildRequest) -> str:
    """The commit as BuildKit names it, which fetches it with its submodules."""
    origin = request.origin
    if urlsplit(origin.url).scheme != "https":
        # Its ssh takes whatever key the host shows.
        raise BuildFailed(
            "A Job reads its source by https alone",
            advice="Give source.git as https with an access token, or build on the bot's machine",
        )
    # What does not end in .git it takes for a page; git servers answer to either name.
    url = f"{origin.url.rstrip('/').removesuffix('.git')}.git"
    path = f":{origin.path}" if origin.path not in ("", ".") else ""
    return f"{url}#{origin.sha}{path}"


def _ids(request: BuildRequest) -> list[tuple[str, str]]:
    """The secrets' ids for BuildKit, and the files that they are in."""
    ids = [*request.secrets]
    if request.origin.account is not None:
        ids.append(f"GIT_AUTH_HEADER.{urlsplit(request.origin.url).netloc}")
    return [(name, f"secret-{number}") for number, name in enumerate(ids)]


def _values(request: BuildRequest) -> list[str]:
    account = request.origin.account
    return [*request.secrets.values(), *([account.header()] if account is not None else [])]


def _toml(request: BuildRequest) -> str:
    authorities = _authorities(request)
    return buildkitd_toml(request.logins, lambda file: f"{_FOLDER}/{_certificate(authorities.index(file))}")


def _authorities(request: BuildRequest) -> Sequence[Path]:
    return sorted({each.ca_file for each in request.logins if each.ca_file is not None})


def _certificate(number: int) -> str:
    return f"ca-{number}.crt"
