"""What a pod's spec may not be, in the words of Kubernetes' validation."""

from collections.abc import Iterable, Iterator
from typing import Any

from bot.sandbox.kubernetes.errors import Cause
from bot.sandbox.kubernetes.naming import (
    duplicate,
    forbidden_field,
    invalid_value,
    label_refused,
    required,
    unsupported,
)
from bot.sandbox.kubernetes.quantities import parse

Object = dict[str, Any]

PORT_RULE = "must be between 1 and 65535, inclusive"
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
RESOURCES = ("cpu", "memory", "ephemeral-storage")


def pod_spec_refused(spec: Object, path: str, claimed: Iterable[str] = ()) -> Iterator[Cause]:
    """What is wrong with a pod's spec; `claimed` are volumes that are its workload's, not its own."""
    volumes: set[str] = set()
    for number, volume in enumerate(spec.get("volumes") or []):
        yield from _volume(volume, f"{path}.volumes[{number}]", volumes)
    volumes.update(claimed)
    if not spec.get("containers"):
        yield required(f"{path}.containers")
    names: set[str] = set()
    for field in ("containers", "initContainers"):
        for number, container in enumerate(spec.get(field) or []):
            yield from _container(container, f"{path}.{field}[{number}]", names, volumes)


def _volume(volume: Object, path: str, names: set[str]) -> Iterator[Cause]:
    sorts = [sort for sort in volume if sort != "name"]
    for second in sorts[1:]:
        yield forbidden_field(f"{path}.{second}", "may not specify more than 1 volume type")
    name = volume.get("name") or ""
    if not name:
        yield required(f"{path}.name")
    else:
        yield from label_refused(f"{path}.name", name)
    if name in names:
        yield duplicate(f"{path}.name", f'"{name}"')
    names.add(name)


def _container(container: Object, path: str, names: set[str], volumes: set[str]) -> Iterator[Cause]:
    name = container.get("name") or ""
    if not name:
        yield required(f"{path}.name")
    else:
        yield from label_refused(f"{path}.name", name)
    if name and name in names:
        yield duplicate(f"{path}.name", f'"{name}"')
    names.add(name)
    if not container.get("image"):
        yield required(f"{path}.image")
    for probe in PROBES:
        if container.get(probe) is not None:
            yield from _handler(container[probe], f"{path}.{probe}")
    for hook, handler in (container.get("lifecycle") or {}).items():
        yield from _handler(handler, f"{path}.lifecycle.{hook}")
    policy = container.get("imagePullPolicy")
    if policy not in ("Always", "IfNotPresent", "Never"):
        yield unsupported(f"{path}.imagePullPolicy", policy, ("Always", "IfNotPresent", "Never"))
    yield from _ports(container.get("ports") or [], f"{path}.ports")
    for number, variable in enumerate(container.get("env") or []):
        yield from _variable(variable, f"{path}.env[{number}]")
    yield from _mounts(container.get("volumeMounts") or [], f"{path}.volumeMounts", volumes)
    yield from _resources(container.get("resources") or {}, f"{path}.resources")


def _handler(handler: Object, path: str) -> Iterator[Cause]:
    given = [name for name in HANDLERS if handler.get(name) is not None]
    if not given:
        yield required(path, "must specify a handler type")
    for second in given[1:]:
        yield forbidden_field(f"{path}.{second}", "may not specify more than 1 handler type")
    for name in ("httpGet", "tcpSocket"):
        port = (handler.get(name) or {}).get("port", 1)
        if name in given[:1] and isinstance(port, int) and not _is_port(port):
            yield invalid_value(f"{path}.{name}.port", port, PORT_RULE)


def _is_port(port: int) -> bool:
    return 0 < port < 65_536


def _ports(ports: list[Object], path: str) -> Iterator[Cause]:
    names: set[str] = set()
    for number, port in enumerate(ports):
        at, name, inside = f"{path}[{number}]", port.get("name") or "", port.get("containerPort", 0)
        if len(name) > 15:
            yield invalid_value(f"{at}.name", name, "must be no more than 15 characters")
        elif name and name in names:
            yield duplicate(f"{at}.name", f'"{name}"')
        names.add(name)
        if not inside:
            yield required(f"{at}.containerPort")
        elif not _is_port(inside):
            yield invalid_value(f"{at}.containerPort", inside, PORT_RULE)
        protocol = port.get("protocol", "TCP")
        if protocol not in ("SCTP", "TCP", "UDP"):
            yield unsupported(f"{at}.protocol", protocol, ("SCTP", "TCP", "UDP"))


def _variable(variable: Object, path: str) -> Iterator[Cause]:
    name = variable.get("name") or ""
    if not name:
        yield required(f"{path}.name")
    elif "=" in name or not (name.isascii() and name.isprintable()):
        words = (
            "a valid environment variable name must consist only of printable ASCII characters other than '='"
        )
        yield invalid_value(f"{path}.name", name, words)
    if variable.get("value") and variable.get("valueFrom"):
        yield invalid_value(f"{path}.valueFrom", "", "may not be specified when `value` is not empty")


def _mounts(mounts: list[Object], path: str, volumes: set[str]) -> Iterator[Cause]:
    places: set[str] = set()
    for number, mount in enumerate(mounts):
        name, place = mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            yield required(f"{path}[{number}].name")
        elif name not in volumes:
            yield Cause(f"{path}[{number}].name", "FieldValueNotFound", f'Not found: "{name}"')
        if not place:
            yield required(f"{path}[{number}].mountPath")
        elif place in places:
            yield invalid_value(f"{path}[{number}].mountPath", place, "must be unique")
        places.add(place)


def _resources(resources: Object, path: str) -> Iterator[Cause]:
    limits = resources.get("limits") or {}
    for which in ("limits", "requests"):
        for name, amount in (resources.get(which) or {}).items():
            at = f"{path}.{which}[{name}]"
            if "/" not in name and name not in RESOURCES and not name.startswith("hugepages-"):
                yield invalid_value(at, name, "must be a standard resource type or fully qualified")
                yield invalid_value(at, name, "must be a standard resource for containers")
            elif parse(amount) < 0:
                yield invalid_value(at, amount, "must be greater than or equal to 0")
    for name, amount in (resources.get("requests") or {}).items():
        if name in limits and parse(amount) > parse(limits[name]):
            words = f"must be less than or equal to {name} limit of {limits[name]}"
            yield invalid_value(f"{path}.requests", amount, words)
