"""What a cluster says: objects that anybody may write into, refusals, logs, and answers of whatever answers there."""

import copy
import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.cluster import ClusterError, ClusterUnreachable
from bot.cluster.answers import changed_in, objects_in, parsed
from bot.cluster.connection import refused
from bot.cluster.discovery import aggregated, resources_in
from bot.commands.loglines import Look, lines_of
from bot.helm.diagnosing import diagnose
from bot.masking import Masker
from bot.rollout import ObjectRef, Rules, from_helm_error
from bot.rollout.assessing import assess, not_well
from bot.rollout.causes import POD_CAUSES, PodView, first
from bot.rollout.course import Course
from bot.rollout.judging import judged
from bot.rollout.picture import Picture
from bot.rollout.slimming import Slimmer
from tests.fuzz.making import WORDS, fuzzed, kept, near, nested, paths, replaced
from tests.rollout.recorded import deployment, event, job, pod, replica_set
from tests.rollout.test_each_pod_trouble_is_named import EVENTS, ROWS

CANARY = "canary-secret-0001"
PODS = [row[2] for row in (*ROWS, *EVENTS)]
SHOWN = st.integers(0, len(PODS) - 1).map(PODS.__getitem__)
TOLD = [event(pod(), each, "said") for each in ("FailedMount", "Unhealthy", "BackOff", "FailedScheduling")]
CERTIFICATE: dict[str, Any] = {
    "apiVersion": "cert.example.com/v1",
    "kind": "Certificate",
    "metadata": {"name": "tls", "uid": "tls", "generation": 2},
    "spec": {},
    "status": {"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "False"}]},
}
OBJECTS = [
    ObjectRef("apps/v1", "Deployment", "shop"),
    ObjectRef("batch/v1", "Job", "shop-migrate", hook=True),
    ObjectRef("cert.example.com/v1", "Certificate", "tls"),
]
IDENTITY = {"apiVersion", "kind", "metadata", "name", "uid", "ownerReferences", "type", "creationTimestamp"}
"""What the API server sees to; all else is text and numbers of whoever may write there."""
SAID = st.one_of(
    st.text(max_size=60),
    WORDS,
    st.sampled_from(
        ["9" * 5000, "\u00b2", "0/9 nodes are available: \n, 99999999999999 x", "\x1b[2J", "(" * 500]
    ),
    st.sampled_from([words.decode(errors="replace") for words in kept("words")]),
)


@st.composite
def typed(draw: st.DrawFn, item: Any) -> Any:
    """The object with other values of the same types, and without some of what may be missing."""
    item = copy.deepcopy(item)
    for _ in range(draw(st.integers(0, 3))):
        places = [
            path
            for path in paths(item)
            if path and path[-1] not in IDENTITY and "ownerReferences" not in path
        ]
        if not places:
            break
        path = draw(st.sampled_from(places))
        now: Any = item
        for key in path:
            now = now[key]
        item = replaced(item, path, draw(_alike(now)))
    return item


def _alike(value: Any) -> st.SearchStrategy[Any]:
    match value:
        case bool():
            return st.booleans()
        case int():
            return st.integers(-(1 << 31), (1 << 31) - 1)
        case str() if value.endswith("Z") and value[:1].isdigit():
            return st.just(value)
        case str():
            return SAID
        case list():
            return st.just([]) | st.none() | st.just(value * 2)
        case None:
            return st.none()
    return st.just(value) | st.just({}) if not value.keys() & IDENTITY else st.just(value)


@fuzzed
@given(SHOWN.flatmap(typed), st.lists(st.sampled_from(TOLD).flatmap(typed), max_size=3), SAID)
def test_any_pod_and_its_events_have_a_cause_or_none(shown: Any, events: list[Any], logs: str) -> None:
    view = PodView(Slimmer()(shown), events, logs)
    found = first(POD_CAUSES, view)
    assert found == first(POD_CAUSES, PodView(shown, events, logs))
    if found is not None:
        trouble = found[0].trouble(found[1], "Pod/x", "Deployment/shop", 60)
        assert trouble.sentence().strip()
        assert "\n" not in trouble.quote


@fuzzed
@given(
    typed(deployment()),
    st.lists(typed(replica_set("rs-old", 1)) | typed(replica_set()), max_size=2),
    st.lists((SHOWN | st.sampled_from([*TOLD, job(failed=2)])).flatmap(typed), max_size=4),
    nested(
        st.sampled_from(["conditions", "observedGeneration", "type", "Ready", "status", "message", "Stalled"])
    ),
)
def test_any_namespace_is_assessed(workload: Any, sets: list[Any], others: list[Any], status: Any) -> None:
    picture = Picture()
    for item in (workload, *sets, *others, {**CERTIFICATE, "status": status}):
        picture.put(Slimmer()(copy.deepcopy(item)))
    for applied in (False, True):
        found = assess(
            picture,
            OBJECTS,
            Rules(),
            applied=applied,
            unwell=not_well(assess(picture, OBJECTS, Rules(), applied=True), picture),
        )
        course = Course(OBJECTS, Rules())
        course.applied(0.0)
        for moment in (0.0, 90.0, 1000.0):
            course.step(found, moment, applied=applied)
    assert judged(picture, OBJECTS).health in ("healthy", "failed", "unknown")


@fuzzed
@given(
    SAID,
    st.sampled_from(["ReleaseError", "RenderError", "ChartLoadError", "Unanswered", "KubeconfigRefused"]),
)
def test_whatever_helm_and_the_api_server_say_becomes_words(said: str, kind: str) -> None:
    assert isinstance(str(diagnose(kind, said)), str)
    trouble = from_helm_error(said)
    assert trouble is None or trouble.sentence().strip()


FIELDS = [
    "kind", "items", "metadata", "name", "uid", "resourceVersion", "type", "object", "resources", "namespaced",
    "versions", "version", "responseKind", "message", "reason", "details", "causes", "field", "code",
]  # fmt: skip
ANSWERS = nested(st.sampled_from(FIELDS)).map(lambda data: json.dumps(data).encode())


@fuzzed
@given(ANSWERS | near("kubernetes"))
async def test_any_answer_is_kubernetes_or_is_refused(body: bytes) -> None:
    with suppress(ClusterUnreachable):
        answer = await parsed(body)
        assert all(isinstance(each["metadata"]["name"], str) for each in objects_in(answer))
        with suppress(ClusterUnreachable):
            assert all(each.kind is not None for each in resources_in(answer, "v1"))
        aggregated(answer)


@fuzzed
@given(ANSWERS | near("kubernetes"))
def test_any_line_of_a_watch_is_an_event_or_is_refused(line: bytes) -> None:
    with suppress(ValueError):
        kind, item = changed_in(line)
        assert isinstance(kind, str)
        assert isinstance(item, dict)


@fuzzed
@given(st.sampled_from([400, 401, 403, 409, 422, 429, 500, 503]), ANSWERS | near("kubernetes"))
def test_any_refusal_has_words(code: int, body: bytes) -> None:
    error = refused(code, body, None)
    assert isinstance(error, ClusterError)
    assert error.words
    for cause in getattr(error, "causes", ()):
        assert isinstance(cause.manager + cause.subresource, str)


@fuzzed
@given(near("words").map(lambda words: words.decode(errors="replace")) | SAID)
def test_any_log_is_lines_fit_for_a_chat(text: str) -> None:
    lines = lines_of(f"{text} {CANARY}\n{text}", Masker([CANARY]).mask_text, Look(tail=50))
    assert CANARY not in "\n".join(lines)
    assert not any(sign in line for line in lines for sign in "\x1b\x00\r\u202e")
