"""Every mistake is told at once, at its file, line and column, with the nearest right name."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import ConfigInvalid, load
from tests.config.conftest import RIGHT, Loader, Problems


def test_an_unknown_key_names_the_nearest(problems: Problems) -> None:
    assert problems("apps: {shop: {imge: x}}") == [
        "b.yaml:1:15 apps.shop.imge: unknown key; did you mean image?"
    ]


def test_all_problems_are_told_at_once_in_the_files_order(problems: Problems) -> None:
    found = problems("chats: {team: {id: abc}}\nlisten: nowhere\nenvironments: {staging: {timeout: 5}}\n")
    assert [line.split(": ")[0] for line in found] == [
        "b.yaml:1:16 chats.team.id",
        "b.yaml:2:1 listen",
        "b.yaml:3:26 environments.staging.timeout",
    ]


def test_a_missing_secret_says_both_ways_to_give_it(problems: Problems) -> None:
    found = problems(first=RIGHT.replace('token: "${TOKEN}"', ""))
    assert found == ["a.yaml:1:1 telegram.token: is missing; write token: ${NAME} or token_file: path"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bindings: [{role: deployr, people: [dana]}]", "there is no role “deployr”; did you mean deployer?"),
        ("bindings: [{role: viewer, people: [dan]}]", "there is no person “dan”; did you mean dana?"),
        ("bindings: [{role: viewer, chats: [tean]}]", "there is no chat “tean”; did you mean team?"),
        (
            "bindings: [{role: viewer, people: [1], apps: [sh0p]}]",
            "no app is called “sh0p”; did you mean shop?",
        ),
        (
            "bindings: [{role: viewer, people: [1], environments: ['prd-*']}]",
            "no environment is called “prd-*”",
        ),
        ("bindings: [{role: viewer}]", "binds nobody; name people, chats or webhooks"),
        (
            "bindings: [{role: viewer, chats: [team], permissions: [deploy.run]}]",
            "views only, not deploy.run",
        ),
        ("roles: {a: {extends: b}, b: {extends: a}}", "goes round in a circle: a → b → a"),
        ("roles: {admin: {permissions: []}}", "is built in"),
        ("environments: {staging: {cluster: man}}", "there is no cluster “man”; did you mean main?"),
        ("environments: {staging: {on_failure: rolback}}", "did you mean rollback?"),
        (
            "environments: {staging: {announce: {channels: [nws], review: none}}}",
            "no chat “nws”; did you mean news?",
        ),
        ("environments: {Shop: {cluster: main, namespace: x}}", "is also the name of the app shop"),
        ("environments: {v1.2: {cluster: main, namespace: x}}", "looks like a version"),
        (
            "environments: {production: {namespace: '{{ app }}-staging'}}",
            "is the same release as shop in staging",
        ),
        ("environments: {staging: {namespace: '{{ ap }}'}}", "cannot be filled in: 'ap' is undefined"),
        ("environments: {staging: {namespace: '{{ 1 // 0 }}'}}", "cannot be filled in: integer division"),
        ("environments: {staging: {namespace: 'A_b'}}", "which is no namespace"),
        ("apps: {shop: {environments: [stagin]}}", "no environment “stagin”; did you mean staging?"),
        ("apps: {shop: {chart: 'https://x.example/y'}}", "should be a folder, a .tgz"),
        ("apps: {shop: {tags: {match: '('}}}", "match is no regular expression"),
        ("people: {lee: {id: '@lee'}}", "should be a number"),
        ("people: {lee: {id: true}}", "should be a number"),
        ("people: {lee: {id: 1002}}", "is also the id of dana"),
        ("people: {dana: {kubernetes: {user: 'system:admin'}}}", "nobody may act as one"),
        ("people: {dana: {kubernetes: {user: dana, groups: ['system:masters']}}}", "nobody may act as one"),
        ("people: {dana: {kubernetes: {user: ''}}}", "should not be empty"),
        (
            "telegram: {webhook: {url: 'https://x.example/t'}}",
            "is missing; write secret: ${NAME} or secret_file",
        ),
        ("telegram: {token: '1234:written-out'}", "a secret does not stand in the configuration itself"),
        ("telegram: {token_file: x}", "has both token and token_file"),
        ("telegram: {proxy: 'ftp://x.example'}", "should be a URL that starts with http://"),
        ("telegram: {proxy: 'http://${NOPE}:1'}", "the environment variable NOPE is not set"),
        ("timezone: Europe/Dublln", "is no time zone"),
        ("clusters: {main: {kubeconfig: x}}", "a kubeconfig or in_cluster: true, one of them"),
        ("sandbox: {members: {team: [eve]}}", "there is no person “eve”"),
        ("builds: {builder: docker}", "is docker, and there is no builds.docker"),
        (
            "builds: {docker: {host: 'docker.example.org:2376'}}",
            "should be unix:///path/of/a/socket or tcp://",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(problems: Problems, text: str, expected: str) -> None:
    found = problems(text)
    assert any(expected in line for line in found), found
    assert all(line.startswith(("a.yaml:", "b.yaml:")) for line in found)


def test_a_key_that_stands_twice_is_refused(problems: Problems) -> None:
    assert problems("listen: 1:1\nlisten: 2:2\n") == [
        "b.yaml:2:1 listen: stands twice, first in line 1; keep one"
    ]


def test_a_file_that_is_missing_or_no_yaml_is_told(problems: Problems, tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="cannot be read: No such file or directory"):
        load([tmp_path / "nowhere.yaml"], {})
    assert "b.yaml:1:4: is no YAML" in problems("a: ]")[0]
    assert "should be a mapping" in problems("- 1")[0]


@pytest.mark.parametrize(
    "bomb",
    [
        "[" * 100_000,
        "a: &a [*a]",
        "\n".join(
            [
                "a0: &a0 [x,x,x,x,x,x,x,x,x]",
                *(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)),
            ]
        ),
        "a: " + "x" * (1 << 20),
        "a: !!python/object/apply:os.system [true]",
    ],
    ids=["deep", "recursive", "laughs", "large", "tag"],
)
def test_a_yaml_bomb_is_refused(problems: Problems, bomb: str) -> None:
    assert problems(bomb)


@pytest.mark.parametrize("name", ["../outside.yaml", "link.yaml", "/etc/hostname", "missing.yaml"])
def test_a_values_file_outside_or_missing_is_refused(problems: Problems, tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "outside.yaml").write_text("a: 1")
    (tmp_path / "link.yaml").symlink_to(tmp_path.parent / "outside.yaml")
    (found,) = problems(f"apps: {{shop: {{values: [{name}]}}}}")
    assert found.startswith("b.yaml:1:")
    assert "leads out of" in found or "is missing" in found


HOOK = """
apps: {shop: {source: {git: "https://git.example.org/shop.git"}, build: {}}}
webhooks:
  shop: {host: github, secret: "${TOKEN}", repository: a/b, apps: [shop], branches: [main], chat: team}
bindings: [{role: developer, webhooks: [shop]}]
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("host: github", "host: gitbub", "did you mean github?"),
        ("apps: [shop],", "apps: [shp],", "there is no app “shp”; did you mean shop?"),
        ("apps: [shop],", "apps: [],", "apps"),
        ("branches: [main],", "", "builds nothing; name branches or tags"),
        ("chat: team", "chat: tean", "there is no chat “tean”; did you mean team?"),
        ("chat: team", "chat: team, topic: deploys", "there is no topic “deploys”"),
        (
            "chat: team",
            "chat: team, deploy: stagin",
            "there is no environment “stagin”; did you mean staging?",
        ),
        (", build: {}", "", "shop can't be built: it has no build"),
        ("webhooks: [shop]}]", "webhooks: [shp]}]", "there is no webhook “shp”; did you mean shop?"),
        (
            "webhooks:\n",
            'telegram: {webhook: {url: "https://b.example.org/webhooks/t", secret: "${TOKEN}"}}\nwebhooks:\n',
            "is where git hosts call",
        ),
        ("{role: developer, webhooks: [shop]}", "{role: viewer, people: [dana]}", "has no role"),
    ],
)
def test_a_webhook_that_could_do_nothing_is_refused(
    problems: Problems, old: str, new: str, expected: str
) -> None:
    assert old in HOOK
    assert any(expected in line for line in problems(HOOK.replace(old, new)))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            "production: {on_push: deploy}",
            "deploys to production are confirmed by people; use on_push: offer",
        ),
        ("staging: {on_push: deploy, impersonate: true}", "nobody could be impersonated for a push"),
        ("staging: {on_push: deplyo}", "did you mean deploy?"),
    ],
)
def test_a_push_starts_no_deploy_that_takes_a_person(
    problems: Problems, environment: str, expected: str
) -> None:
    assert any(expected in line for line in problems(f"environments: {{{environment}}}"))


def test_a_webhook_that_is_right_loads(loaded: Loader) -> None:
    config = loaded(HOOK, "environments: {staging: {on_push: deploy}}")
    hook = config.webhooks["shop"]
    assert hook.builds("main", None)
    assert not hook.builds("feature/main", None)
    assert not hook.builds(None, "main")
