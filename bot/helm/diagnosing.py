"""From the SDK's error classes and words to errors for people. Pure.

Helm reports most of what happens at the cluster as one class (`ReleaseError`), so its words decide; they are
matched in the order of `_SAYINGS`, specific before general. Words that nothing matches are passed on as the
cluster's refusal, which they mostly are, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.helm.errors import (
    ChartInvalid,
    ClusterRefused,
    ClusterUnreachable,
    FieldConflict,
    ForeignObject,
    HelmError,
    HookFailed,
    OutcomeUnknown,
    ReleaseBusy,
    ReleaseMissing,
    ValuesInvalid,
)

_UNREACHABLE = (
    "Kubernetes cluster unreachable|connection refused|no such host|i/o timeout|TLS handshake"
    "|connection reset|unexpected EOF|server is currently unable|etcdserver:|http2: client connection lost"
)

_SAYINGS: tuple[tuple[str, Callable[[str], HelmError]], ...] = (
    (r"another operation .* is in progress", ReleaseBusy),
    (r"release: not found|has no deployed releases|release has no \d+ version", ReleaseMissing),
    (r"invalid ownership metadata|cannot be imported into the current release", ForeignObject),
    (r"Apply failed with \d+ conflict|conflict with \"", FieldConflict),
    (
        r"hooks failed: .*(etcdserver:|server is currently unable)",
        lambda words: ClusterUnreachable(f"The cluster cannot be reached: {_silence(words)}"),
    ),
    (r"\b(pre|post)-(install|upgrade|rollback|delete) hooks failed|failed (pre|post)-\w+:", HookFailed),
    (r"\bhooks? .*(failed|timed out)|resource \S+ not ready", HookFailed),
    (r"is forbidden", ClusterRefused),
    (
        r"provide credentials|Unauthorized",
        lambda _: ClusterUnreachable("The cluster does not accept the bot's credentials"),
    ),
    (_UNREACHABLE, lambda words: ClusterUnreachable(f"The cluster cannot be reached: {_silence(words)}")),
    (r"values don't meet the specifications of the schema", ValuesInvalid),
    (r"error converting YAML to JSON|YAML parse error", ChartInvalid),
)

_SILENCES: tuple[tuple[str, str], ...] = (
    (r"dial tcp (\S+): connect: connection refused", r"nothing listens at \1"),
    (r"no such host", "its name is not known"),
    (r"i/o timeout|context deadline exceeded", "no answer in time"),
    (r"connection reset|unexpected EOF", "it closed the connection"),
)

_AT = re.compile(r"(?:^|[\s(:])(?P<file>[\w.@-]+(?:/[\w.@ -]+)+\.\w+):(?P<line>\d+)(?::\d+)?")
_YAML_AT = re.compile(r"YAML parse error on (?P<file>[^:\n]+):[^\n]*\bline (?P<line>\d+)")


def diagnose(kind: str, words: str) -> HelmError:
    """The error to raise for `kind` (the SDK's class without `Helm`) and its already masked `words`."""
    match kind:
        case "ChartLoadError" | "ChartInvalidError":
            return ChartInvalid(f"The chart cannot be loaded: {words}")
        case "RenderError":
            return _by_words(words) if "error calling lookup" in words else _render_error(words)
        case "ValuesError":
            return ValuesInvalid(schema_words(words))
        case "NotFoundError":
            return ReleaseMissing(words)
        case "KubeconfigRefused":
            return ClusterUnreachable(words[:1].upper() + words[1:])
        case "CancelledError":
            return HookFailed(f"The chart's hooks did not finish in time: {words}")
        case "Unanswered":
            return OutcomeUnknown(words)
    return _by_words(words)


def _silence(words: str) -> str:
    """Why there was no answer, shorter than the Go client library says it."""
    for pattern, shorter in _SILENCES:
        if found := re.search(pattern, words):
            return found.expand(shorter)
    return words


def _by_words(words: str) -> HelmError:
    for pattern, error in _SAYINGS:
        if re.search(pattern, words, re.IGNORECASE):
            if error is ValuesInvalid:
                return ValuesInvalid(schema_words(words))
            return _render_error(words) if error is ChartInvalid else error(words)
    return (
        _render_error(words)
        if "template:" in words or "execution error at" in words
        else ClusterRefused(words)
    )


def _render_error(words: str) -> ChartInvalid:
    """A template's failure, with the deepest place that Helm names: there the author must look."""
    places = [*_YAML_AT.finditer(words), *_AT.finditer(words)]
    if not places:
        return ChartInvalid(words)
    place = places[-1]
    return ChartInvalid(words, file=place["file"], line=int(place["line"]))


def schema_words(words: str) -> str:
    """A schema's complaint, path by path, without Helm's preamble and the file it pretends to have read."""
    words = re.sub(r"(?:file://)?/\S*values\.schema\.json#?", "the schema", words)
    words = re.sub(
        r"values don't meet the specifications of the schema\(s\) in the following chart\(s\):\s*(\S+):",
        r"The values break the schema of chart \1:",
        words,
    )
    return re.sub(r"- at '(.*?)':", lambda at: f"- {at[1] or 'at the top'}:", words).strip()
