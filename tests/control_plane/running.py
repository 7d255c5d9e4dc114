"""One control plane: etcd, API server, controller manager and scheduler on loopback, with certificates and RBAC.

Each of its processes dies with the one that started it, however that ends.
"""

import base64
import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.control_plane.certificates import Authority, Signed, signing_key
from tests.daemons import answers, daemon, free_port, serving, until


@dataclass(frozen=True)
class ControlPlane:
    """A control plane that runs. Everything of it is in `folder`."""

    folder: Path
    url: str
    programs: Mapping[str, Path]

    @property
    def kubeconfig(self) -> Path:
        """An administrator's (system:masters)."""
        return self.folder / "kubeconfig"

    def kubeconfig_of(self, user: str, *groups: str) -> Path:
        """One of somebody whom the API server knows as `user` in `groups`: RBAC says what they may."""
        authority = Authority((self.folder / "ca.key").read_bytes())
        path = self.folder / f"{user.replace(':', '-')}.kubeconfig"
        certificate = (self.folder / "ca.crt").read_bytes()
        _write(path, _kubeconfig(self.url, certificate, authority.client(user, groups)))
        return path


@contextmanager
def control_plane(programs: Mapping[str, Path], folder: Path) -> Iterator[ControlPlane]:
    """Start one, ready for use; it has no nodes. It ends with the block.

    Raises: DidNotStart.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority = Authority()
    with ExitStack() as stack:
        _write_certificates(folder, authority)
        etcd = _start_etcd(stack, programs["etcd"], folder)
        url = _start_apiserver(stack, programs["kube-apiserver"], folder, etcd)
        for name, user, groups in (
            ("kubeconfig", "admin", ("system:masters",)),
            ("controllers.kubeconfig", "system:kube-controller-manager", ()),
            ("scheduler.kubeconfig", "system:kube-scheduler", ()),
        ):
            _write(folder / name, _kubeconfig(url, authority.certificate, authority.client(user, groups)))
        _start_controllers(stack, programs["kube-controller-manager"], folder)
        _start_scheduler(stack, programs["kube-scheduler"], folder)
        until(partial(_has_default_account, url, folder), "the controllers are not at work", folder)
        yield ControlPlane(folder, url, programs)


def _write_certificates(folder: Path, authority: Authority) -> None:
    _write(folder / "ca.crt", authority.certificate)
    _write(folder / "ca.key", authority.key)
    _write(folder / "accounts.key", signing_key())
    for name, signed in (
        ("server", authority.server("kube-apiserver")),
        ("kubelet-client", authority.client("kube-apiserver", ("system:masters",))),
        ("admin", authority.client("admin", ("system:masters",))),
    ):
        _write(folder / f"{name}.crt", signed.certificate)
        _write(folder / f"{name}.key", signed.key)


def _start_etcd(stack: ExitStack, program: Path, folder: Path) -> str:
    """Durability is no use here: what it would cost is left out."""

    def arguments(port: int) -> list[str]:
        client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}"
        return [
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    port = serving(stack, program, arguments, folder, answers)
    return f"http://127.0.0.1:{port}"


def _start_apiserver(stack: ExitStack, program: Path, folder: Path, etcd: str) -> str:
    def arguments(port: int) -> list[str]:
        return [
            f"--etcd-servers={etcd}",
            f"--secure-port={port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",  # no pod will come to it by its Service, and loopback is refused
            f"--tls-cert-file={folder / 'server.crt'}",
            f"--tls-private-key-file={folder / 'server.key'}",
            f"--client-ca-file={folder / 'ca.crt'}",
            f"--kubelet-client-certificate={folder / 'kubelet-client.crt'}",
            f"--kubelet-client-key={folder / 'kubelet-client.key'}",
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={folder / 'accounts.key'}",
            f"--service-account-signing-key-file={folder / 'accounts.key'}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",
            "--max-requests-inflight=0",  # nobody but the tests is here to be protected from
            "--max-mutating-requests-inflight=0",
            "--enable-priority-and-fairness=false",
        ]

    port = serving(stack, program, arguments, folder, partial(_is_ready, folder))
    return f"https://127.0.0.1:{port}"


def _start_controllers(stack: ExitStack, program: Path, folder: Path) -> None:
    arguments = [
        f"--kubeconfig={folder / 'controllers.kubeconfig'}",
        f"--service-account-private-key-file={folder / 'accounts.key'}",
        f"--root-ca-file={folder / 'ca.crt'}",
        "--use-service-account-credentials",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]
    stack.enter_context(daemon(program, arguments, folder))


def _start_scheduler(stack: ExitStack, program: Path, folder: Path) -> None:
    arguments = [
        f"--kubeconfig={folder / 'scheduler.kubeconfig'}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]
    stack.enter_context(daemon(program, arguments, folder))


def _is_ready(folder: Path, port: int) -> bool:
    return answers(port) and _asked(f"https://127.0.0.1:{port}", "/readyz", folder) is not None


def _has_default_account(url: str, folder: Path) -> bool:
    """Whether pods may be made: the controllers give every namespace its account and the authority's certificate."""
    path = "/api/v1/namespaces/default"
    return all(
        _asked(url, each, folder)
        for each in (f"{path}/serviceaccounts/default", f"{path}/configmaps/kube-root-ca.crt")
    )


def _asked(url: str, path: str, folder: Path) -> bytes | None:
    """What the API server answers an administrator; None for anything but 200."""
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / "admin.crt", folder / "admin.key")
    client = http.client.HTTPSConnection(url.removeprefix("https://"), context=context, timeout=5)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.read() if answer.status == 200 else None
    except OSError:
        return None
    finally:
        client.close()


def _kubeconfig(url: str, authority: bytes, who: Signed) -> bytes:
    """A kubeconfig with everything in it, in JSON, which is YAML."""

    def inline(text: bytes) -> str:
        return base64.b64encode(text).decode()

    cluster = {"server": url, "certificate-authority-data": inline(authority)}
    user = {"client-certificate-data": inline(who.certificate), "client-key-data": inline(who.key)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": "tests", "user": user}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
        "current-context": "tests",
    }
    return json.dumps(content, indent=1).encode()


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
