"""A release's objects on a cluster, and what the API server says of a plan for them."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from bot.access import ClusterAccess, Identity
from bot.cluster import Cluster, Ref
from bot.masking import Masker
from bot.planning import manifests
from bot.planning.live import Live
from bot.planning.manifests import Manifest
from bot.planning.releases import Past
from bot.planning.sending import MANAGER, marked
from bot.planning.site import Site
from bot.planning.surveying import found_of
from bot.planning.trial import Trial
from bot.planning.trying import Planned, tried

Object = dict[str, Any]

APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class Place:
    """A namespace of a cluster, and the release that is in it."""

    cluster: Cluster
    namespace: str

    @property
    def site(self) -> Site:
        """The release's."""
        return Site(
            access=ClusterAccess(Path("unread")),
            cluster_uid="",
            namespace=self.namespace,
            release="shop",
        )

    def objects(self, text: str) -> list[Manifest]:
        """What a chart renders."""
        return manifests.parse({"chart/templates/all.yaml": text}, self.namespace)

    async def applied(self, text: str, manager: str = MANAGER) -> list[Manifest]:
        """What Helm has put there by server-side apply, or whoever else is named."""
        found = self.objects(text)
        for each in found:
            body = marked(each.object, self.site) if manager == MANAGER else each.object
            await self.sent(each, body, APPLY, manager=manager)
        return found

    async def patched(self, ref: Ref, body: Mapping[str, Any], *, manager: str, part: str = "") -> None:
        """What somebody changed by hand; `part` is a subresource."""
        await self.cluster.patch(ref, body, subresource=part or None, manager=manager)

    async def scaled(self, replicas: int, *, manager: str = "kubectl") -> None:
        """The Deployment shop, as `kubectl scale` and autoscalers do it."""
        await self.patched(self.shop, {"spec": {"replicas": replicas}}, manager=manager, part="scale")

    @property
    def shop(self) -> Ref:
        """The Deployment."""
        return Ref("apps/v1", "Deployment", "shop", self.namespace)

    async def sent(self, each: Manifest, body: Object, content: str, *, manager: str) -> None:
        """One patch that is meant."""
        api_version, kind, name = str(each.object["apiVersion"]), each.key.kind, each.key.name
        resource = await self.cluster.resource(api_version, kind)
        path = resource.path(self.namespace if resource.namespaced else None, name)
        query = {"fieldManager": manager, "force": "false"}
        await self.cluster._answered("PATCH", path, query=query, body=body, content_type=content)

    async def recorded(self, revision: int, **record: Any) -> None:
        """A revision in Helm's own form."""
        packed = gzip.compress(json.dumps({"info": {"status": "deployed"}, **record}).encode())
        data = base64.b64encode(base64.b64encode(packed)).decode()
        name = f"sh.helm.release.v1.shop.v{revision}"
        body = {"metadata": {"name": name}, "type": "helm.sh/release.v1", "data": {"release": data}}
        await self.cluster.create("v1", "Secret", self.namespace, body)

    async def trial(
        self, before: list[Manifest], after: str, *, as_: Identity | None = None, **planned: Any
    ) -> Trial:
        """What the API server says of a deploy of `after`, where `before` is what the release has now."""
        cluster = self.cluster.as_(as_)
        live = Live(Past([], {}), None, None, before, (), found=await found_of(self.cluster, before))
        wanted = replace(Planned(before, self.objects(after), revision=None), **planned)
        return await tried(cluster, self.site, live, wanted, Masker())


def deployment(replicas: int | None = 2, *, image: str = "shop:v1", **more: Any) -> str:
    """The Deployment shop as a chart renders it; `more` goes into its spec."""
    container = {"name": "web", "image": image, "ports": [{"containerPort": 8080}]}
    spec: Object = {
        "selector": {"matchLabels": {"app": "shop"}},
        "template": {"metadata": {"labels": {"app": "shop"}}, "spec": {"containers": [container]}},
        **({"replicas": replicas} if replicas is not None else {}),
        **more,
    }
    return rendered("apps/v1", "Deployment", "shop", spec=spec)


def config(name: str = "shop-env", **data: Any) -> str:
    """A ConfigMap."""
    return rendered("v1", "ConfigMap", name, data=data)


def autoscaler(least: int = 1) -> str:
    """A HorizontalPodAutoscaler of the Deployment shop."""
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
        "minReplicas": least,
        "maxReplicas": 10,
    }
    return rendered("autoscaling/v2", "HorizontalPodAutoscaler", "shop", spec=spec)


def rendered(api_version: str, kind: str, name: str, **more: Any) -> str:
    """An object as the text that a chart renders."""
    item = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **more}
    return f"---\n{yaml.safe_dump(item)}"


def job(name: str = "migrate", *, restarts: str = "Never") -> str:
    """A Job that Helm runs as a hook."""
    container = {"name": "migrate", "image": "shop:v1"}
    item = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "annotations": {"helm.sh/hook": "pre-upgrade"}},
        "spec": {"template": {"spec": {"restartPolicy": restarts, "containers": [container]}}},
    }
    return f"---\n{yaml.safe_dump(item)}"
