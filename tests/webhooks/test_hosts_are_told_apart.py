"""Each host's proof, names and fields are read as it documents them."""

from typing import Any

import pytest
from multidict import CIMultiDict

from bot.webhooks.hosts import HOSTS
from bot.webhooks.push import Push, PushUnreadable
from tests.webhooks.payloads import AFTER, CALLS, NONE, SECRET, SIGNING, github, gitlab, with_time

NOW = 1_790_000_000.0


def genuine(call: Any, secret: str = SECRET, now: float = NOW) -> bool:
    host, headers = HOSTS[call.host], CIMultiDict(call.headers)
    return host.may_be_genuine(headers, secret) and host.is_genuine(headers, call.body, secret, now)


@pytest.mark.parametrize("host", CALLS)
def test_what_is_signed_with_the_secret_is_genuine_and_nothing_else(host: str) -> None:
    call = CALLS[host]().signed()
    assert genuine(call)
    assert not genuine(call, SECRET + "x")
    assert not genuine(call, SECRET[:-1])
    for name in ("X-Hub-Signature-256", "X-Gitea-Signature", "X-Gitlab-Token"):
        if name in call.headers:
            for wrong in ("", "sha256=", "x", call.headers[name][:-1], call.headers[name] + "0", "\udcff"):
                assert not genuine(CALLS[host]().but(**{name: wrong}).signed()), wrong


@pytest.mark.parametrize("host", ["github", "gitea"])
def test_a_body_that_was_changed_is_not_genuine(host: str) -> None:
    call = CALLS[host]().signed()
    assert not HOSTS[host].is_genuine(CIMultiDict(call.headers), call.body + b" ", SECRET, NOW)


@pytest.mark.parametrize("asked", CALLS)
@pytest.mark.parametrize("sent", CALLS)
def test_one_hosts_proof_is_none_for_another(asked: str, sent: str) -> None:
    call = CALLS[sent]().signed()
    host, headers = HOSTS[asked], CIMultiDict(call.headers)
    admitted = host.may_be_genuine(headers, SECRET) and host.is_genuine(headers, call.body, SECRET, NOW)
    assert admitted == (asked == sent)


def test_a_signing_token_of_gitlab_takes_a_signature_that_is_about_five_minutes_old_at_most() -> None:
    call = with_time(gitlab(), NOW)
    assert genuine(call, SIGNING)
    assert genuine(call, SIGNING, NOW + 299)
    assert not genuine(call, SIGNING, NOW + 301)
    assert not genuine(call, SIGNING, NOW - 301)
    assert not genuine(with_time(gitlab(), NOW, secret="whsec_AAAA"), SIGNING)
    assert not genuine(gitlab().but(X_Gitlab_Token=SIGNING).signed(), SIGNING), "the weaker proof does not do"
    rotated = f"v1,AAAA v2,x {call.headers['webhook-signature']}"
    assert genuine(
        type(call)({**call.headers, "webhook-signature": rotated}, None, call.body, "gitlab"), SIGNING
    )


@pytest.mark.parametrize(
    "changed", [{"webhook-id": "msg_2"}, {"webhook-timestamp": "1790000001"}, {"webhook-timestamp": "x"}]
)
def test_gitlab_signs_the_id_and_the_time_too(changed: dict[str, str]) -> None:
    call = with_time(gitlab(), NOW)
    assert not genuine(type(call)({**call.headers, **changed}, None, call.body, "gitlab"), SIGNING)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64", "whsec_ä"])
def test_a_signing_token_without_a_key_takes_nothing(secret: str) -> None:
    assert not genuine(with_time(gitlab(), NOW, secret="whsec_"), secret)


@pytest.mark.parametrize("host", CALLS)
def test_branches_tags_and_what_is_gone_are_read(host: str) -> None:
    def read(*arguments: str) -> Push:
        return HOSTS[host].push(CALLS[host](*arguments).payload)

    branch, tag, gone = read("refs/heads/feature/cart"), read("refs/tags/v1.2"), read("refs/heads/old", NONE)
    assert (branch.branch, branch.tag, branch.name) == ("feature/cart", None, "feature/cart")
    assert (branch.repository, branch.after, branch.is_deleted) == ("team/shop", AFTER, False)
    assert branch.by in ("lee", "octo-lee")
    assert (tag.branch, tag.tag, tag.name) == (None, "v1.2", "v1.2")
    assert gone.is_deleted


@pytest.mark.parametrize(
    ("host", "header", "events"),
    [
        ("github", "X-GitHub-Event", {"push": "push", "ping": "ping", "create": "other", "": "other"}),
        ("gitea", "X-Gitea-Event", {"push": "push", "create": "other", "ping": "other"}),
        (
            "gitlab",
            "X-Gitlab-Event",
            {"Push Hook": "push", "Tag Push Hook": "push", "Job Hook": "other", "System Hook": "other"},
        ),
    ],
)
def test_events_are_told_apart(host: str, header: str, events: dict[str, str]) -> None:
    for event, meant in events.items():
        assert HOSTS[host].event(CIMultiDict({header: event})) == meant


@pytest.mark.parametrize("host", CALLS)
@pytest.mark.parametrize(
    "fields",
    [
        {"ref": None},
        {"ref": ""},
        {"ref": "refs/heads/" + "x" * 300},
        {"ref": "refs/heads/a\nb"},
        {"ref": ["refs/heads/main"]},
        {"after": None},
        {"after": "main"},
        {"after": "--upload-pack=x"},
        {"repository": None, "project": None},
        {"repository": "team/shop", "project": []},
        {"repository": {"full_name": 7}, "project": {"path_with_namespace": ""}},
    ],
)
def test_what_is_no_push_is_refused_in_words(host: str, fields: dict[str, Any]) -> None:
    with pytest.raises(PushUnreadable, match="it names no"):
        HOSTS[host].push(CALLS[host](**fields).payload)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\nb <b>", "abb"), (None, "somebody"), ("", "somebody"), ("x" * 90, "x" * 40), ("\u202edaol", "daol")],
)
def test_who_pushed_is_a_name_and_nothing_that_passes_for_words(name: Any, shown: str) -> None:
    assert HOSTS["github"].push(github(pusher={"name": name}).payload).by == shown


def test_a_call_is_known_again_by_its_id_and_where_that_is_not_signed_by_its_body() -> None:
    def names(host: str, call: Any) -> tuple[str, ...]:
        return HOSTS[host].names(CIMultiDict(call.headers), call.body)

    for host in ("github", "gitea"):
        call = CALLS[host]().signed()
        other = type(call)({**call.headers, f"X-{HOSTS[host].shown}-Delivery": "another"}, None, call.body)
        assert len(set(names(host, call)) & set(names(host, other))) == 1
    first, second = gitlab().signed(), gitlab().signed()
    assert first.body == second.body
    assert not set(names("gitlab", first)) & set(names("gitlab", second)), "two pushes may be told alike"
    older = type(first)({"X-Gitlab-Token": SECRET}, None, first.body, "gitlab")
    assert names("gitlab", older) == names("gitlab", older) != ()
