"""Objects as charts render them, for the tests of this folder."""

from textwrap import dedent

from bot.planning.manifests import Manifest, parse

NAMESPACE = "shop-staging"


def objects(text: str) -> list[Manifest]:
    """The objects of a text of several YAML documents."""
    return parse({"shop/templates/all.yaml": dedent(text)}, NAMESPACE)


def deployment(
    image: str = "registry.example.org/shop:v1.1", *, name: str = "shop", replicas: int = 2, more: str = ""
) -> str:
    """A Deployment with one container; `more` is put below the container's image, at its indentation."""
    return f"""
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: {name}
        image: {image}
{more}
"""
