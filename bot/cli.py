"""`pilothouse`: the command line. Errors go to stderr with exit code 2 and no stack trace."""

import asyncio
import gc
import json
import os
import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

DEFAULT = Path("config.yaml")

app = typer.Typer(
    name="pilothouse",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Deploy Helm charts and operate Kubernetes clusters from a Telegram chat.",
)


class RightsOf(StrEnum):
    """Whose rights `rbac` prints."""

    BOT = "bot"
    PEOPLE = "people"
    VALUES = "values"


Config = Annotated[
    list[Path] | None,
    typer.Option("--config", "-c", help="The configuration; give several to merge them in order."),
]

As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="PERSON",
        help="A key of `people`: whom the cluster is asked as where it impersonates.",
    ),
]


@app.command()
def run(config: Config = None) -> None:
    """Run the bot until it is stopped. SIGHUP loads the configuration again, SIGTERM stops it."""
    gc.disable()  # importing leaves no garbage: looking for it is a tenth of the time
    from bot.lifetime import run as run_bot

    gc.freeze()
    gc.enable()
    _ended(run_bot(_paths(config), os.environ))


@app.command()
def check(
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: findings and Roles as JSON.")
    ] = False,
    config: Config = None,
) -> None:
    """Tell before the first deploy whatever is wrong: secrets, chats, clusters, rights, releases. Changes nothing."""
    from bot.checking import check as check_all

    _ended(check_all(_paths(config), os.environ, sys.stdout, as_json=as_json))


@app.command()
def render(
    app_name: Annotated[str, typer.Argument(metavar="APP")],
    environment: Annotated[str, typer.Argument(metavar="ENV")],
    version: Annotated[str, typer.Option("--version", help="Default: the version that runs there.")] = "",
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="K=V", help="Set a value.")] = None,
    person: As = "",
    config: Config = None,
) -> None:
    """Print the manifests that a deploy would apply. Nothing is changed; secrets are masked."""
    from bot.terminal import render as render_all

    _ended(
        render_all(
            _paths(config), os.environ, app_name, environment, version, _pairs(sets), person, sys.stdout
        )
    )


@app.command()
def plan(
    app_name: Annotated[str, typer.Argument(metavar="APP")],
    version: Annotated[str, typer.Argument()],
    environment: Annotated[str, typer.Argument(metavar="ENV")],
    person: As = "",
    config: Config = None,
) -> None:
    """Print what the chat would show before a deploy: summary, warnings, diff. Nothing is changed."""
    from bot.terminal import plan as plan_all

    _ended(plan_all(_paths(config), os.environ, app_name, version, environment, person, sys.stdout))


@app.command()
def adopt(
    app_name: Annotated[str, typer.Argument(metavar="APP")],
    environment: Annotated[str, typer.Argument(metavar="ENV")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file, in the folder of the configuration.")
    ] = None,
    person: As = "",
    config: Config = None,
) -> None:
    """Write the values that a release was given by hand as a values file, and print the lines to paste."""
    from bot.adopting import adopt as adopt_release

    _ended(adopt_release(_paths(config), os.environ, app_name, environment, output, person, sys.stdout))


@app.command()
def rbac(
    service_account: Annotated[
        str, typer.Option("--service-account", help="The bot's ServiceAccount; Roles are named after it.")
    ] = "pilothouse",
    namespace: Annotated[str, typer.Option("--namespace", help="Where that is.")] = "pilothouse",
    cluster: Annotated[
        str, typer.Option("--cluster", metavar="NAME", help="A key of `clusters`, where there are several.")
    ] = "",
    form: Annotated[
        RightsOf,
        typer.Option("--for", help="The bot, the people in whose names it asks, or its chart's values."),
    ] = RightsOf.BOT,
    config: Config = None,
) -> None:
    """Print the least Roles and bindings that the configured apps need, for `kubectl apply -f -`."""
    from bot.rbac.printing import Account
    from bot.rbac.printing import rbac as print_rights

    account = Account(service_account, namespace)
    _ended(print_rights(_paths(config), os.environ, account, cluster, form.value, sys.stdout))


@app.command()
def sandbox(
    script: Annotated[Path | None, typer.Option("--script", help="Play this conversation, then end.")] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", help="Port of the chat page, 0 for a free one; default: 8080, and none beside a script."
        ),
    ] = None,
    telegram_port: Annotated[
        int, typer.Option("--telegram-port", help="Port of the embedded Telegram; default: a free one.")
    ] = 0,
    bot_port: Annotated[
        int, typer.Option("--bot-port", help="Port that git hosts call, for pushes to blog; default: none.")
    ] = 0,
    kubeconfig: Annotated[
        Path | None,
        typer.Option("--kubeconfig", help="Work on this cluster, in namespaces that are removed at the end."),
    ] = None,
    context: Annotated[
        str | None, typer.Option("--context", help="A context of that kubeconfig; default: the current one.")
    ] = None,
    play_nodes: Annotated[
        bool, typer.Option("--play-nodes", help="Play the nodes of a control plane that has none.")
    ] = False,
    config: Config = None,
) -> None:
    """Start an embedded Telegram, Kubernetes and registry, the bot between them, and a page to chat with it."""
    try:
        from bot.sandbox.given import Given
        from bot.sandbox.running import Ports, run_sandbox
    except ModuleNotFoundError as error:
        _fail(f"The sandbox needs more packages ({error.name}): pip install 'pilothouse[sandbox]'")
    if kubeconfig is None and (context is not None or play_nodes):
        _fail("--context and --play-nodes are about the cluster that --kubeconfig names")
    given = Given(kubeconfig, context, play_nodes) if kubeconfig is not None else None
    ports = Ports(port, telegram_port, bot_port)
    _ended(run_sandbox(script=script, config=config, out=sys.stdout, ports=ports, given=given))


@app.command()
def ids(
    lasting: Annotated[
        str, typer.Option("--for", metavar="60s", help="End after this time; default: at Ctrl-C.")
    ] = "",
    config: Config = None,
) -> None:
    """Print the ids of people, chats and topics that write to the bot, as lines to paste. It answers nothing."""
    from bot.listening import ids as print_ids

    paths = _paths(config) if config or DEFAULT.is_file() else []  # before the first start there may be none
    _ended(print_ids(paths, os.environ, _lasting(lasting), sys.stdout, sys.stderr))


@app.command()
def schema(config: Config = None) -> None:
    """Print the configuration's JSON Schema, for editors."""
    from bot.config import Config as Model

    print(json.dumps(Model.model_json_schema(), indent=2))  # noqa: T201 - it is what was asked for


def main() -> None:
    """The console script."""
    app()


def _paths(config: list[Path] | None) -> list[Path]:
    paths = config or [DEFAULT]
    for path in paths:
        if not path.is_file():
            _fail(f"There is no {path}. Start from config.example.yaml, or name a file with --config.")
    return paths


def _pairs(sets: list[str] | None) -> tuple[tuple[str, str], ...]:
    pairs = []
    for text in sets or []:
        key, separator, value = text.partition("=")
        if not separator:
            _fail(f"--set takes key=value, not {text!r}")
        pairs.append((key, value))
    return tuple(pairs)


def _lasting(text: str) -> float | None:
    from bot.config.fields import seconds

    try:
        return seconds(text) if text else None
    except ValueError as error:
        _fail(f"--for {error}")


def _ended(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Run it and exit with its code; what is raised for people is printed for them."""
    from bot.failing import FOR_PEOPLE, words_of

    try:
        code = asyncio.run(work)
    except KeyboardInterrupt:
        code = 130
    except FOR_PEOPLE as error:
        _fail(words_of(error))
    raise SystemExit(code)


def _fail(words: str) -> NoReturn:
    typer.echo(words, err=True)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
