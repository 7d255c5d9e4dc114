"""Two targets that are one release are refused when the configuration loads, also behind two clusters' names."""

from pathlib import Path

import pytest

from tests.config.conftest import Loader, Problems

TWO = """\
clusters:
  main: {in_cluster: false, kubeconfig: one, context: a}
  spare: {kubeconfig: %s, context: %s}
environments:
  staging: {cluster: main, namespace: shop}
  production: {cluster: spare, namespace: shop}
"""

KUBECONFIG = """\
current-context: a
contexts:
- {name: a, context: {cluster: first, user: ci}}
- {name: b, context: {cluster: first, user: admin}}
- {name: c, context: {cluster: second, user: ci}}
- {name: d, context: {cluster: named, user: ci}}
- {name: e, context: {cluster: other-authority, user: ci}}
clusters:
- {name: first, cluster: {server: "https://one.example.org:6443"}}
- {name: second, cluster: {server: "https://two.example.org:6443"}}
- {name: named, cluster: {server: "https://one.example.org:6443", tls-server-name: second.example.org}}
- {name: other-authority, cluster: {server: "https://one.example.org:6443", certificate-authority-data: b3RoZXI=}}
"""


@pytest.fixture(autouse=True)
def kubeconfigs(tmp_path: Path) -> None:
    (tmp_path / "one").write_text(KUBECONFIG)
    (tmp_path / "copy").write_text(KUBECONFIG)
    (tmp_path / "broken").write_text("contexts: [")


@pytest.mark.parametrize(("file", "context"), [("one", "a"), ("one", "b"), ("copy", "a")])
def test_two_contexts_of_one_server_are_one_cluster(problems: Problems, file: str, context: str) -> None:
    [problem] = problems(TWO % (file, context))
    assert "production" in problem
    assert "is the same release as shop in staging: main/shop/shop" in problem
    assert "since clusters main and spare are one" in problem


@pytest.mark.parametrize(
    ("file", "context"), [("one", "c"), ("one", "d"), ("one", "e"), ("broken", "a"), ("missing", "a")]
)
def test_what_differs_or_can_not_be_told_is_left_to_the_clusters_own_answers(
    loaded: Loader, file: str, context: str
) -> None:
    assert len(loaded(TWO % (file, context)).targets()) == 2


def test_an_override_of_an_app_counts_as_well(problems: Problems) -> None:
    [problem] = problems("apps: {shop: {environments: {staging: {}, production: {namespace: shop-staging}}}}")
    assert "is the same release as shop in staging" in problem
