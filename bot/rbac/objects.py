"""Which objects an app's chart makes of its values, without asking the registry, git or (if need be) the cluster.

Version and secrets are stand-ins: which kinds there are hardly ever depends on them, nothing of them is shown, and
whoever prints rights need not have the bot's secrets.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.app import Parts
from bot.cluster import Cluster, ClusterError
from bot.config import Secret, Target
from bot.connections import chart_source
from bot.helm import charts
from bot.planning import manifests
from bot.planning.layers import Facts
from bot.planning.manifests import Manifest
from bot.planning.values import Image, layered
from bot.rbac.needs import Made, plural_of

VERSION = "v1.0.0"
DIGEST = "sha256:" + "0" * 64

KUBE = ("v1.33.0", ())
"""The version that charts are rendered for where the cluster does not answer."""

ROLES = {"Role": "roles", "ClusterRole": "clusterroles"}


async def made_by(parts: Parts, target: Target, cluster: Cluster | None) -> list[Made]:
    """The objects that a deploy of the target makes, hooks included; `cluster` None: it can't be asked.

    Raises: PlanRefused, HelmError, SecretMissing, ClusterError.
    """
    registries = parts.current.config.registries
    archive = await charts.fetch(await chart_source(target.app, registries, hide=parts.current.hide))
    image = Image(target.app.image, VERSION, DIGEST) if target.app.image is not None else None
    stand_in = replace(target, secrets=dict.fromkeys(target.secrets, Secret("stand-in")))
    layers = await layered(stand_in, image, (), Facts(VERSION, DIGEST, "0" * 40), sealed=True)
    kube = await _kube(cluster)
    rendered = await parts.helm.render(
        archive,
        layers.values,
        release=target.release,
        namespace=target.namespace,
        kube_version=kube[0],
        api_versions=kube[1],
    )
    files = {**rendered.files, **rendered.crds}
    found = await asyncio.to_thread(manifests.parse, files, target.namespace)
    own = {(each.key.kind, each.key.name) for each in found if each.key.kind in ROLES}
    return [await _made(each, cluster, own) for each in found]


async def _kube(cluster: Cluster | None) -> tuple[str, tuple[str, ...]]:
    if cluster is None:
        return KUBE
    version, served = await asyncio.gather(cluster.version(), cluster.api_versions())
    return version, served


async def _made(manifest: Manifest, cluster: Cluster | None, own: Iterable[tuple[str, str]]) -> Made:
    key, item = manifest.key, manifest.object
    api_version = str(item["apiVersion"])
    resource, namespace = plural_of(key.kind), key.namespace
    if cluster is not None:
        try:
            served = await cluster.resource(api_version, key.kind)
            resource, namespace = served.plural, key.namespace if served.namespaced else ""
        except ClusterError:
            pass  # a kind that the chart itself brings along: it is called as guessed
    return Made(
        api_version,
        key.kind,
        resource,
        namespace,
        key.name,
        hook=bool(manifest.hook_events),
        rules=tuple(item.get("rules") or ()) if key.kind in ROLES else (),
        role=_handed_out(item, own),
    )


def _handed_out(item: Mapping[str, Any], own: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """The role that a binding refers to, unless the chart makes it: what that one grants is held anyway."""
    if item["kind"] not in ("RoleBinding", "ClusterRoleBinding"):
        return None
    reference = item.get("roleRef") or {}
    kind, name = str(reference.get("kind")), str(reference.get("name"))
    return None if (kind, name) in own or kind not in ROLES else (ROLES[kind], name)
