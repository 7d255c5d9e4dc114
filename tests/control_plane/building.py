"""Where the control plane's programs come from: KUBEBUILDER_ASSETS (envtest's convention), else Go, built once."""

from pathlib import Path

from tests.go_programs import GoPrograms, pinned

MODULE = Path(__file__).parent

KUBERNETES = pinned(MODULE, "k8s.io/kubernetes")
"""Its version, as "v1.37.2"."""

HOW = (
    "There is no control plane to test on: install Go ({go} or newer) and run `make control-plane`, or set "
    "KUBEBUILDER_ASSETS to a folder with {programs}, or KUBECONFIG for `make test-cluster`"
)


def _stamps() -> dict[str, str]:
    """The version in the programs: without it Kubernetes is v0.0.0, which charts' kubeVersion ranges refuse."""
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    package = "k8s.io/component-base/version"
    values = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    stamps = {f"{package}.{key}": value for key, value in values.items()}
    return {**stamps, "helm.sh/helm/v4/internal/version.version": pinned(MODULE, "helm.sh/helm/v4")}


PROGRAMS = GoPrograms(
    "control-plane",
    MODULE,
    packages={
        "etcd": "go.etcd.io/etcd/server/v3",
        "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
        "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
        "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
        "kubectl": "k8s.io/kubernetes/cmd/kubectl",
        "helm": "helm.sh/helm/v4/cmd/helm",
        "kwok": "sigs.k8s.io/kwok/cmd/kwok",
    },
    stamps=_stamps(),
    how=HOW,
    assets="KUBEBUILDER_ASSETS",
)
found, build = PROGRAMS.found, PROGRAMS.build
