"""Cluster IPs and node ports for Services, as the API server allocates them."""

from typing import Any

from bot.sandbox.kubernetes.storage import Storage

Object = dict[str, Any]

FIRST_NODE_PORT = 30_000
API_SERVICE_IP = "10.96.0.1"


def allocate(storage: Storage, service: Object, before: Object | None) -> None:
    """Give a Service the addresses its type needs, in place; those it has are kept."""
    spec = service["spec"]
    old = (before or {}).get("spec") or {}
    if spec["type"] == "ExternalName":
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            spec.pop(name, None)
        return
    others = [other["spec"] for other in storage.scan("", "services")]
    if not spec.get("clusterIP"):
        spec["clusterIP"] = old.get("clusterIP") or _free_ip({o.get("clusterIP", "") for o in others})
    spec["clusterIPs"] = [spec["clusterIP"]]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        taken = {port.get("nodePort") for other in others for port in other.get("ports") or []}
        known = {(port.get("name"), port["port"]): port.get("nodePort") for port in old.get("ports") or []}
        for port in spec.get("ports") or []:
            if not port.get("nodePort"):
                kept = known.get((port.get("name"), port["port"]))
                port["nodePort"] = kept or _free_port(taken)
                taken.add(port["nodePort"])


def _free_ip(taken: set[str]) -> str:
    number = 10
    while True:
        number += 1
        address = f"10.96.{number // 250}.{number % 250 + 1}"
        if address not in taken:
            return address


def _free_port(taken: set[int | None]) -> int:
    port = FIRST_NODE_PORT
    while port in taken:
        port += 1
    return port
