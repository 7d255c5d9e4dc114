"""Writing objects: what happens between a client's body and the stored object, for every kind alike.

create, replace, change (all patches) and apply; deletes are in deleting.py. Each makes the object whole
(schema, defaults, addresses), compares it with the one before (locks, immutable fields, generation,
ownership) and stores it. It knows nothing of HTTP or of rights.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from bot.clock import Clock
from bot.sandbox.kubernetes import custom, quotas
from bot.sandbox.kubernetes.admission import admit, admit_change
from bot.sandbox.kubernetes.applying import Manager, apply, update
from bot.sandbox.kubernetes.converting import viewed
from bot.sandbox.kubernetes.customrules import custom_refused
from bot.sandbox.kubernetes.defaults import set_defaults
from bot.sandbox.kubernetes.errors import (
    ApiError,
    Cause,
    Subject,
    already_exists,
    bad_request,
    forbidden,
    invalid,
    not_found,
    unpatchable,
)
from bot.sandbox.kubernetes.metadata import random_suffix, timestamp
from bot.sandbox.kubernetes.naming import metadata_changes_refused, metadata_refused
from bot.sandbox.kubernetes.resources import Resource, Resources
from bot.sandbox.kubernetes.rules import changes_refused, state_refused
from bot.sandbox.kubernetes.storage import Key, Storage, copied
from bot.sandbox.kubernetes.typed import check_typed, kind_told, told
from bot.sandbox.kubernetes.validation import (
    Undecodable,
    check_types,
    split_unknown,
    strict_decoding_error,
    values_refused,
    without_nulls,
)
from bot.sandbox.kubernetes.writes import (
    SERVER_SET,
    Writing,
    Written,
    addressed,
    check_locks,
    ready_to_go,
)

Object = dict[str, Any]

UNCOUNTED = frozenset(
    [
        "Lease",
        "LimitRange",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "ResourceQuota",
        "Service",
    ]
)
"""Kinds that have a spec and no `metadata.generation` all the same."""

OMITTED = ("data", "binaryData", "labels", "annotations", "finalizers", "ownerReferences")
"""Fields that are not there when nothing is in them."""

NAMESPACES = Subject("", "namespaces", "Namespace")


class Objects:
    """All writes to one cluster's storage that come from outside."""

    def __init__(self, storage: Storage, resources: Resources, clock: Clock) -> None:
        self.storage = storage
        self.resources = resources
        self.schemas = resources.schemas
        self.clock = clock

    def key(self, resource: Resource, namespace: str, name: str) -> Key:
        """Where an object of that resource lives."""
        return Key(resource.group, resource.plural, namespace if resource.namespaced else "", name)

    def create(self, resource: Resource, namespace: str, body: Object, how: Writing) -> Written:
        """A new object.

        Raises: ApiError 409 when there is one of that name, 404 when its namespace is missing, and the
        refusals of `_whole`.
        """
        body = addressed(resource, namespace, None, body)
        metadata = body["metadata"]
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + random_suffix()
        body, warnings = self._decoded(resource, body, how)
        return self._create(resource, body, how, warnings, lambda obj: self._owned(resource, None, obj, how))

    def _create(
        self,
        resource: Resource,
        body: Object,
        how: Writing,
        warnings: list[str],
        own: Callable[[Object], None],
    ) -> Written:
        metadata = body["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata.get("name", "")
        self._check_namespace(resource, namespace, name)
        for field in SERVER_SET:
            metadata.pop(field, None)
        metadata.pop("resourceVersion", None)
        metadata.update(uid=str(uuid.uuid4()), creationTimestamp=self.now())
        if "status" in resource.subresources:
            body.pop("status", None)
        if self.has_generation(resource):
            metadata["generation"] = 1
        after = self._completed(resource, body)
        own(after)
        self._admitted(resource, None, after)
        key = self.key(resource, namespace, name)
        if (why := quotas.refusal(self.storage, key, after)) is not None:
            raise forbidden(resource.subject(name), why)
        present = self.storage.peek(key)
        if present is not None:
            going = "deletionTimestamp" in present["metadata"]
            raise already_exists(resource.subject(name), going=going)
        return Written(self.stored(key, resource, after, how), created=True, warnings=tuple(warnings))

    def replace(self, resource: Resource, namespace: str, name: str, body: Object, how: Writing) -> Written:
        """PUT: the whole object anew; of a subresource `status`, only that.

        Raises: ApiError 404, 409 when resourceVersion or uid are not the present ones.
        """
        before = self.existing(resource, namespace, name)
        body = addressed(resource, namespace, name, body)
        check_locks(resource, before, body)
        body, warnings = self._decoded(resource, body, how)
        return self._changed(resource, before, body, how, warnings)

    def change(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        patch: Callable[[Object], Object],
        how: Writing,
        *,
        patch_text: str = "",
    ) -> Written:
        """PATCH: `patch` maps the present object, in the resource's version, to the wanted one.

        `patch_text` is what refusals quote in the place of the whole object.
        """
        before = self.existing(resource, namespace, name)
        body = addressed(resource, namespace, name, patch(copied(before)))
        check_locks(resource, before, body)
        try:
            body, warnings = self._decoded(resource, body, how)
        except Undecodable as error:
            shown = patch_text or json.dumps(body, separators=(",", ":"))
            raise unpatchable(json.dumps(shown), error.why) from error
        return self._changed(resource, before, body, how, warnings)

    def apply(self, resource: Resource, namespace: str, name: str, body: Object, how: Writing) -> Written:
        """Server-side apply: creates what is not there.

        Raises: ApiError 409 with the conflicting fields, unless forced.
        """
        sent = body
        if (body.get("apiVersion"), body.get("kind")) != (resource.api_version, resource.kind):
            raise bad_request(f"invalid object type: {kind_told(body)}")
        body = addressed(resource, namespace, name, body)
        if body["metadata"].get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        before = self.storage.get(self.key(resource, namespace, name))
        if before is not None:
            before = viewed(resource, before)
            check_locks(resource, before, body)
        body["metadata"] = {
            k: v for k, v in body["metadata"].items() if k not in (*SERVER_SET, "resourceVersion")
        }
        if "status" in resource.subresources and how.subresource != "status":
            body.pop("status", None)
        check_typed(self.schemas, resource, {**body, "metadata": sent["metadata"]})
        try:
            body, warnings = self._decoded(resource, body, how, partial=True)
        except Undecodable as error:
            words = f"failed to convert new object ({told(sent)}) to proper version: unable to convert"
            raise ApiError(
                500, "", f"{words} unstructured object to {kind_told(sent)}: {error.why}"
            ) from error
        manager = Manager(how.manager, "Apply", resource.api_version, how.subresource)
        schema = self.schemas.definition(resource.definition)
        merged = apply(
            self.schemas, schema, before, body, manager,
            force=how.force, now=self.now(),
        )  # fmt: skip
        check_types(self.schemas, resource, merged)
        if before is not None:
            return self._changed(resource, before, merged, how, warnings, owned=True)
        managed = merged["metadata"].get("managedFields")

        def own(obj: Object) -> None:
            obj["metadata"]["managedFields"] = managed

        return self._create(resource, merged, how, warnings, own)

    def existing(self, resource: Resource, namespace: str, name: str) -> Object:
        """A copy of the present object, in the resource's version.

        Raises: ApiError 404.
        """
        found = self.storage.get(self.key(resource, namespace, name))
        if found is None:
            raise not_found(resource.subject(name))
        return viewed(resource, found)

    def _changed(
        self,
        resource: Resource,
        before: Object,
        body: Object,
        how: Writing,
        warnings: list[str],
        *,
        owned: bool = False,
    ) -> Written:
        after = self._scoped_change(resource, before, body, how)
        causes = list(metadata_changes_refused(before["metadata"], after["metadata"]))
        if causes:
            raise invalid(resource.subject(before["metadata"]["name"]), causes)
        for field in SERVER_SET:
            after["metadata"].pop(field, None)
            if field in before["metadata"]:
                after["metadata"][field] = before["metadata"][field]
        after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
        after = self._completed(resource, after)
        if not owned:
            self._owned(resource, before, after, how)
        self._admitted(resource, before, after)
        if self.has_generation(resource) and _body(after) != _body(before):
            after["metadata"]["generation"] = before["metadata"].get("generation", 0) + 1
        key = self.key(resource, after["metadata"].get("namespace", ""), after["metadata"]["name"])
        if ready_to_go(resource, after):
            return self.removed(key, resource, after, how, warnings)
        return Written(self.stored(key, resource, after, how), warnings=tuple(warnings))

    def _scoped_change(self, resource: Resource, before: Object, body: Object, how: Writing) -> Object:
        """The part of the change that this path may make: status, or everything else."""
        if how.subresource == "status":
            metadata = {**before["metadata"]}
            if "managedFields" in body["metadata"]:
                metadata["managedFields"] = body["metadata"]["managedFields"]
            after = {**before, "metadata": metadata}
            after.pop("status", None)
            return {**after, "status": body["status"]} if "status" in body else after
        after = dict(body)
        if "status" in resource.subresources:
            after.pop("status", None)
            if "status" in before:
                after["status"] = before["status"]
        return after

    def _decoded(
        self, resource: Resource, body: Object, how: Writing, *, partial: bool = False
    ) -> tuple[Object, list[str]]:
        """The body as Go would decode it into its type, and warnings of what was dropped.

        What is applied may be `partial`: it is checked once it is merged.
        Raises: ApiError 400 for undeclared fields under `Strict`, and for values of wrong types.
        """
        schema = self.schemas.definition(resource.definition)
        try:
            known, unknown = split_unknown(self.schemas, schema, without_nulls(body))
        except ValueError as error:
            raise Undecodable(resource, str(error)) from error
        if unknown and how.validation == "Strict":
            raise strict_decoding_error(resource, unknown)
        warned = [f'unknown field "{path}"' for path in unknown] if how.validation == "Warn" else []
        found: Object = known
        if not partial:
            check_types(self.schemas, resource, found)
        return found, warned

    def _completed(self, resource: Resource, after: Object) -> Object:
        """The object with its defaults."""
        after = copied(after)
        for place in (after, after["metadata"]):
            for name in [name for name in OMITTED if place.get(name) in ({}, [])]:
                del place[name]
        if resource.custom:
            custom.set_schema_defaults(self.schemas, self.schemas.definition(resource.definition), after)
        else:
            set_defaults(resource.kind, after)
        return after

    def _admitted(self, resource: Resource, before: Object | None, after: Object) -> None:
        """Add in place what the server adds, once it is found right by itself and against the one before.

        Raises: ApiError 422, and the refusals of `admit`.
        """
        if resource.custom:
            pass
        elif before is None and self._has_status(resource):
            admit(self.storage, resource.kind, after)
        elif before is not None:
            admit_change(self.storage, resource.kind, before, after)
        if resource.kind == "CustomResourceDefinition" and before is None:
            after["status"] = custom.established(after, self.now())
        causes = list(self._refused(resource, before, after))
        if causes:
            raise invalid(resource.subject(after["metadata"].get("name", "")), causes)

    def _refused(self, resource: Resource, before: Object | None, after: Object) -> Iterator[Cause]:
        """What the object may not be; of two causes at one place the rule's counts, which says more."""
        yield from metadata_refused(resource, after["metadata"])
        if resource.custom:
            yield from custom_refused(self.schemas, resource, after)
            return
        ruled = list(state_refused(resource.kind, after))
        said = {name: value for name, value in after.items() if name != "status"}
        for cause in values_refused(self.schemas, resource, said):
            if not any(
                each.field == cause.field or each.field.startswith(f"{cause.field}.") for each in ruled
            ):
                yield cause
        yield from ruled
        if before is not None:
            yield from changes_refused(resource.kind, before, after)

    def _has_status(self, resource: Resource) -> bool:
        return "status" in self.schemas.definition(resource.definition).get("properties", {})

    def _owned(self, resource: Resource, before: Object | None, after: Object, how: Writing) -> None:
        manager = Manager(how.manager, "Update", resource.api_version, how.subresource)
        schema = self.schemas.definition(resource.definition)
        update(self.schemas, schema, before, after, manager, self.now())

    def has_generation(self, resource: Resource) -> bool:
        """Whether changes of the kind's spec are counted."""
        properties = self.schemas.definition(resource.definition).get("properties", {})
        counted = "spec" in properties or resource.kind == "EndpointSlice"
        return resource.custom or (counted and resource.kind not in UNCOUNTED)

    def _check_namespace(self, resource: Resource, namespace: str, name: str) -> None:
        if not resource.namespaced:
            return
        found = self.storage.peek(Key("", "namespaces", "", namespace))
        if found is None:
            raise not_found(replace(NAMESPACES, name=namespace))
        if found["metadata"].get("deletionTimestamp"):
            words = f"unable to create new content in namespace {namespace} because it is being terminated"
            cause = Cause(
                "metadata.namespace", "NamespaceTerminating", f"namespace {namespace} is being terminated"
            )
            raise forbidden(resource.subject(name), words, [cause])

    def stored(self, key: Key, resource: Resource, after: Object, how: Writing) -> Object:
        """The object as it is stored now (as it would be, in a dry run); a definition is served from here on."""
        how.admit(resource, after)
        if how.dry_run:
            return after
        stored = self.storage.put(key, after)
        if resource.kind == "CustomResourceDefinition":
            custom.serve(self.resources, stored)
        return stored

    def removed(
        self, key: Key, resource: Resource, last: Object, how: Writing, warnings: list[str]
    ) -> Written:
        """The object is gone for good, and with a definition its custom resources."""
        if not how.dry_run:
            self.storage.delete(key)
            if resource.kind == "CustomResourceDefinition":
                custom.withdraw(self.resources, last)
                place, everything = _custom_place(last), self.storage.keys()
                for orphan in [k for k in everything if k[:2] == place]:
                    self.storage.delete(orphan)
        return Written(last, deleted=True, warnings=tuple(warnings))

    def now(self) -> str:
        """The time as metadata writes it."""
        return timestamp(self.clock.now())


def _custom_place(definition: Object) -> tuple[str, str]:
    return definition["spec"]["group"], definition["spec"]["names"]["plural"]


def _body(obj: Object) -> Object:
    """What `generation` counts changes of: all but metadata and status."""
    return {k: v for k, v in obj.items() if k not in ("metadata", "status", "apiVersion", "kind")}
