"""What the API says about itself: groups, versions and resources, aggregated or one by one.

A client that understands the aggregated form must find its media type's parameters repeated in the answer's
Content-Type, else it reads the body as the plain form and finds no kinds at all.
"""

from typing import Any

from bot.sandbox.kubernetes.resources import Resource, Resources
from bot.sandbox.kubernetes.schemas import MINOR

Object = dict[str, Any]

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"

SCALE_KIND = ("autoscaling", "v1", "Scale")
EVICTION_KIND = ("policy", "v1", "Eviction")
TOKEN_KIND = ("authentication.k8s.io", "v1", "TokenRequest")


HEALTH = ("/healthz", "/livez", "/readyz")


def paths(resources: Resources) -> list[str]:
    """What there is at all: GET /."""
    grouped = [f"/apis/{group}" for group in resources.groups()]
    versioned = [f"/apis/{group}/{v}" for group in resources.groups() for v in resources.versions(group)]
    own = ["/api", "/api/v1", "/apis", *HEALTH, "/openapi/v2", "/openapi/v3", "/version"]
    return sorted([*own, *grouped, *versioned])


def version_info() -> Object:
    """GET /version."""
    major, minor, _ = MINOR.removeprefix("v").split(".")
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": MINOR,
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "2026-08-26T00:00:00Z",
        "goVersion": "go1.26.1",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def accepted_aggregate(accept: str) -> str | None:
    """The Content-Type of the aggregated form that the Accept header asks for, or None."""
    for version in ("v2", "v2beta1"):
        for wanted in accept.split(","):
            parameters = {part.strip() for part in wanted.split(";")}
            if {"application/json", f"v={version}", "as=APIGroupDiscoveryList"} <= parameters:
                return AGGREGATED.format(version=version)
    return None


def aggregated(resources: Resources, content_type: str, *, core: bool) -> Object:
    """APIGroupDiscoveryList of /api (`core`) or /apis."""
    version = "v2" if "v=v2;" in content_type else "v2beta1"
    groups = [""] if core else resources.groups()
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": [_group(resources, group) for group in groups],
    }


def _group(resources: Resources, group: str) -> Object:
    versions = [
        {
            "version": version,
            "resources": [_discovered(resource) for resource in resources.of_version(group, version)],
            "freshness": "Current",
        }
        for version in resources.versions(group)
    ]
    return {"metadata": {"name": group} if group else {}, "versions": versions}


def _discovered(resource: Resource) -> Object:
    found: Object = {
        "resource": resource.plural,
        "responseKind": _told_kind(resource, (resource.group, resource.version, resource.kind)),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        found["shortNames"] = list(resource.short_names)
    if resource.categories:
        found["categories"] = list(resource.categories)
    if resource.subresources:
        found["subresources"] = [_subresource(resource, name) for name in resource.subresources]
    return found


def _subresource(resource: Resource, name: str) -> Object:
    return {
        "subresource": name,
        "responseKind": _told_kind(resource, subresource_kind(resource, name)),
        "verbs": list(subresource_verbs(name)),
    }


def _told_kind(resource: Resource, spoken: tuple[str, str, str]) -> Object:
    """A kind, with its group and version where they are not the resource's own."""
    group, version, kind = spoken
    own = (group, version) == (resource.group, resource.version)
    return {"group": "" if own else group, "version": "" if own else version, "kind": kind}


def subresource_kind(resource: Resource, name: str) -> tuple[str, str, str]:
    """Group, version and kind of what a subresource speaks."""
    special = {"scale": SCALE_KIND, "eviction": EVICTION_KIND, "token": TOKEN_KIND}
    return special.get(name, (resource.group, resource.version, resource.kind))


def subresource_verbs(name: str) -> tuple[str, ...]:
    """What one can do with a subresource."""
    if name == "log":
        return ("get",)
    return ("create",) if name in ("eviction", "token") else ("get", "patch", "update")


def core_versions(url: str) -> Object:
    """APIVersions: GET /api."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [
            {"clientCIDR": "0.0.0.0/0", "serverAddress": url.rsplit("//", maxsplit=1)[-1]}
        ],
    }


def group_list(resources: Resources) -> Object:
    """APIGroupList: GET /apis."""
    groups = [_plain_group(resources, group) for group in resources.groups()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(resources: Resources, name: str) -> Object:
    """APIGroup: GET /apis/NAME."""
    return {"kind": "APIGroup", "apiVersion": "v1", **_plain_group(resources, name)}


def _plain_group(resources: Resources, name: str) -> Object:
    versions = [{"groupVersion": f"{name}/{v}", "version": v} for v in resources.versions(name)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def resource_list(resources: Resources, group: str, version: str) -> Object:
    """APIResourceList: GET /api/v1 or /apis/GROUP/VERSION."""
    listed: list[Object] = []
    for resource in resources.of_version(group, version):
        listed.append(
            {
                "name": resource.plural,
                "singularName": resource.singular,
                "namespaced": resource.namespaced,
                "kind": resource.kind,
                "verbs": list(resource.verbs),
                **({"shortNames": list(resource.short_names)} if resource.short_names else {}),
                **({"categories": list(resource.categories)} if resource.categories else {}),
            }
        )
        for name in resource.subresources:
            sub_group, sub_version, kind = subresource_kind(resource, name)
            own = (sub_group, sub_version) == (resource.group, resource.version)
            listed.append(
                {
                    "name": f"{resource.plural}/{name}",
                    "singularName": "",
                    "namespaced": resource.namespaced,
                    **({} if own else {"group": sub_group, "version": sub_version}),
                    "kind": kind,
                    "verbs": list(subresource_verbs(name)),
                }
            )
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": listed,
    }
