"""The only module that imports the Helm SDK. It runs in worker processes alone.

`perform` turns a request (plain JSON and an archive) into one call of the SDK and its answer into plain
JSON. It calls the SDK's C layer where the Python wrapper leaves options out. It judges nothing: failures go
back as the SDK's class name and words, and `diagnosing` makes errors for people of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, cast

import helm_python as sdk
from helm_python import _native as c

from bot.helm.kubeconfigs import Kubeconfig, KubeconfigRefused

Request = dict[str, Any]
Answer = Any

NO_CONTEXT = c.HANDLE(0)


class Failure(Exception):
    """What the SDK raised: its class name without the `Helm`, and its words."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind
        self.words = words


def perform(request: Request, archive: bytes) -> Answer:
    """Do what `request["do"]` names.

    Raises: Failure.
    """
    try:
        with ExitStack() as scope:
            return ACTIONS[request["do"]](_Call(request, archive, scope))
    except sdk.HelmError as error:
        raise Failure(type(error).__name__.removeprefix("Helm"), str(error)) from error
    except KubeconfigRefused as error:
        raise Failure("KubeconfigRefused", str(error)) from error


class _Call:
    """One request, and the SDK's objects that it needs, freed with `scope`."""

    def __init__(self, request: Request, archive: bytes, scope: ExitStack) -> None:
        self.request = request
        self._archive = archive
        self._scope = scope

    def chart(self) -> sdk.Chart:
        return self._scope.enter_context(sdk.Chart.load_archive(self._archive))

    def config(self) -> sdk.Config:
        access, identity = self.request["access"], self.request["as"]
        kubeconfig = self._scope.enter_context(Kubeconfig.of(access))
        return self._scope.enter_context(
            sdk.Config(
                kubeconfig_path=kubeconfig.path,
                kube_as_user=identity and identity["user"],
                kube_as_groups=identity and identity["groups"],
                namespace=self.request["namespace"],
                storage_driver="secret",
            )
        )

    @property
    def release(self) -> str:
        return cast(str, self.request["release"])

    @property
    def values(self) -> str:
        return json.dumps(self.request["values"])

    def options(self, *names: str, **fixed: Any) -> str:
        """The named fields of the request that are set, as the C layer wants them."""
        chosen = {name: self.request.get(name) for name in names} | fixed
        return json.dumps({k: v for k, v in chosen.items() if v is not None and v is not False})


def _render(call: _Call) -> Answer:
    """Render offline: no lookup, no name resolution."""
    chart = call.chart()
    return _rendered(call, chart, "helm_render", chart._raw())


def _render_there(call: _Call) -> Answer:
    """Render with what `lookup` finds in the cluster; nothing else is asked of it."""
    chart, config = call.chart(), call.config()
    return _rendered(call, chart, "helm_render_with_config", config._raw(), chart._raw())


def _rendered(call: _Call, chart: sdk.Chart, function: str, *handles: Any) -> Answer:
    options = call.options(
        "namespace", "revision", "is_install", "is_upgrade", "kube_version", "api_versions", name=call.release
    )
    files = json.loads(c.call_string(function, *handles, call.values, options))
    return {"files": files, "chart": chart.name, "crds": chart.crds}


def _merge(call: _Call) -> Answer:
    return call.chart().merge_values(call.request["values"])


def _lint(call: _Call) -> Answer:
    """Lint the chart unpacked in `folder`, which the parent made and removes."""
    archive = os.path.join(call.request["folder"], "chart.tgz")
    with open(archive, "wb") as file:
        file.write(call._archive)
    sdk.expand(call.request["folder"], archive)
    return sdk.lint(
        os.path.join(call.request["folder"], call.chart().name),
        call.request["values"],
        namespace=call.request["namespace"],
        kube_version=call.request["kube_version"],
    )


def _history(call: _Call) -> Answer:
    config = call.config()
    try:
        summaries = config.history(call.release)
    except sdk.HelmNotFoundError:
        return []
    if call.request["brief"]:
        return [_brief({"summary": summary}) for summary in summaries]
    records = []
    for summary in summaries:
        with suppress(sdk.HelmNotFoundError):  # pruned since it was listed
            records.append(_brief(config.get_all(call.release, revision=summary["revision"])))
    return records


def _brief(record: dict[str, Any]) -> dict[str, Any]:
    """A record without its long texts; only `helm get` knows a revision's description."""
    summary = {name: value for name, value in record["summary"].items() if name not in ("manifest", "notes")}
    return {"summary": summary, "info": {"description": record.get("info", {}).get("description", "")}}


def _get(call: _Call) -> Answer:
    return call.config().get_all(call.release, revision=call.request.get("revision"))


def _list(call: _Call) -> Answer:
    return call.config().list(all_states=True, all_namespaces=call.request["all_namespaces"])


def _upgrade(call: _Call) -> Answer:
    """Upgrade, or install where there is no living release and `install` is set, as the command line does."""
    config, chart = call.config(), call.chart()
    newest = _newest(config, call.release)
    gone = newest is None or newest["status"] == "uninstalled"
    shared = ("timeout_seconds", "description", "labels", "force_conflicts", "take_ownership")
    if gone and call.request["install"]:
        function = "helm_install"
        options = call.options(*shared, "namespace", "create_namespace", replace=newest is not None)
    else:
        function, options = "helm_upgrade", call.options(*shared, "max_history", reset_values=True)
    handles = (config._raw(), NO_CONTEXT, chart._raw(), None)
    written = json.loads(c.call_string(function, *handles, call.release, call.values, options))
    with suppress(sdk.HelmError):  # it is done: a read that fails now must not make it look undone
        return _brief(config.get_all(call.release, revision=written["revision"]))
    return _brief({"summary": written})


def _newest(config: sdk.Config, release: str) -> dict[str, Any] | None:
    try:
        return max(config.history(release), key=lambda summary: cast(int, summary["revision"]), default=None)
    except sdk.HelmNotFoundError:
        return None


def _rollback(call: _Call) -> Answer:
    config = call.config()
    options = call.options(
        "timeout_seconds", "max_history", "force_conflicts", version=call.request["revision"]
    )
    c.call_status("helm_rollback", config._raw(), call.release, options)
    try:
        return _brief(config.get_all(call.release))
    except sdk.HelmError as error:
        raise Failure(
            "Unanswered", f"rolled back, but its new revision could not be read: {error}"
        ) from error


def _uninstall(call: _Call) -> Answer:
    answer = call.config().uninstall(
        call.release,
        keep_history=call.request["keep_history"],
        timeout=call.request["timeout_seconds"],
    )
    return answer["info"]


def _test(call: _Call) -> Answer:
    answer = call.config().test(call.release, timeout=call.request["timeout_seconds"], logs=True)
    return answer.get("logs", "")


ACTIONS: dict[str, Callable[[_Call], Answer]] = {
    "render": _render,
    "render_there": _render_there,
    "merge": _merge,
    "lint": _lint,
    "history": _history,
    "get": _get,
    "list": _list,
    "upgrade": _upgrade,
    "rollback": _rollback,
    "uninstall": _uninstall,
    "test": _test,
}
