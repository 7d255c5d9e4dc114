"""What Argo CD or Flux manages is told by the marks that these tools go by, and by nothing that charts set alike."""

from typing import Any

import pytest

from bot.planning.owners import Owner, managers, owner_of

ARGO_SHOP = Owner("Argo CD", "application", "shop")


def deployment(
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    written_by: str = "helm",
    **metadata: Any,
) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "labels": labels or {},
            "annotations": annotations or {},
            "managedFields": [{"manager": written_by, "operation": "Apply"}],
            **metadata,
        },
    }


@pytest.mark.parametrize(
    ("item", "owner"),
    [
        (
            deployment(annotations={"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}),
            ARGO_SHOP,
        ),
        (
            deployment(annotations={"argocd.argoproj.io/tracking-id": "teams_shop:apps/Deployment:shop/web"}),
            Owner("Argo CD", "application", "shop", "teams"),
        ),
        (deployment(annotations={"argocd.argoproj.io/tracking-id": "shop"}), ARGO_SHOP),
        (
            {
                "metadata": {
                    "annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}
                }
            },
            ARGO_SHOP,
        ),
        (deployment(annotations={"argocd.argoproj.io/tracking-id": "shop:/:/web"}), ARGO_SHOP),
        (deployment({"argocd.argoproj.io/instance": "shop"}), ARGO_SHOP),
        (deployment({"app.kubernetes.io/instance": "shop"}, written_by="argocd-controller"), ARGO_SHOP),
        (
            deployment(
                {"helm.toolkit.fluxcd.io/name": "shop", "helm.toolkit.fluxcd.io/namespace": "flux-system"}
            ),
            Owner("Flux", "HelmRelease", "shop", "flux-system"),
        ),
        (deployment({"kustomize.toolkit.fluxcd.io/name": "apps"}), Owner("Flux", "Kustomization", "apps")),
    ],
)
def test_a_mark_names_its_owner(item: dict[str, Any], owner: Owner) -> None:
    assert owner_of([deployment(), item]) == owner


@pytest.mark.parametrize(
    "item",
    [
        deployment(),
        deployment({"app.kubernetes.io/instance": "shop"}),  # as every chart labels its objects
        deployment({"app.kubernetes.io/instance": "shop"}, written_by="kubectl"),
        deployment(annotations={"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/other"}),
        deployment(annotations={"argocd.argoproj.io/tracking-id": "shop:/Service:shop/web"}),
        deployment(annotations={"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:elsewhere/web"}),
        {"metadata": None},
        {},
    ],
)
def test_what_no_tool_marked_or_what_was_copied_is_nobodys(item: dict[str, Any]) -> None:
    assert owner_of([item]) is None


def test_a_release_secret_is_known_by_its_labels_alone() -> None:
    labels = {
        "kustomize.toolkit.fluxcd.io/name": "apps",
        "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    }
    owner = owner_of([{"metadata": {"labels": labels}}])
    assert owner is not None
    assert owner.words == "Flux's Kustomization apps in flux-system manages it"


def test_whoever_wrote_the_status_alone_manages_nothing() -> None:
    item = deployment()
    item["metadata"]["managedFields"] += [
        {"manager": "kube-controller-manager", "subresource": "status"},
        {"manager": "kubectl-edit", "operation": "Update"},
    ]
    assert managers(item) == ("helm", "kubectl-edit")
