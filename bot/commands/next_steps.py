"""What the message of a release's operation offers: while it runs, while it is held, and once it has ended."""

from typing import Any

from bot.commands import disclosing
from bot.commands.choices import Choice, run
from bot.commands.disclosing import shows
from bot.config import Config, Target
from bot.operations.operation import Outcome
from bot.operations.view import Hold, View
from bot.permissions import Policy
from bot.telegram.messages import Style


def while_running(view: View) -> list[Choice]:
    if view.cancelling:
        return []
    if view.held is not None:
        return _while_held(view, view.held)
    label = "Cancel deploy" if view.kind == "deploy" else "Cancel"
    return [
        run("Pods", f"/pods {view.app} {view.environment}", fresh=True),
        Choice(
            label,
            "operation.cancel",
            {"operation_id": view.id},
            "danger",
            anyone=True,
            app=view.app,
            environment=view.environment,
        ),
    ]


def _while_held(view: View, held: Hold) -> list[Choice]:
    """What a person may decide while the cluster keeps a rollout up."""
    place = view.app, view.environment
    operation = {"operation_id": view.id}
    choices = []
    if held.back_to:
        way_back = {"app": view.app, "environment": view.environment, "revision": None}
        label = f"Roll back to {held.back_to}"
        choices.append(Choice(label, "rollback.ask", way_back, "primary", *place, anyone=True))
    if not held.waits:
        choices.append(Choice("Keep waiting", "rollout.wait", operation, None, *place, anyone=True))
    return [*choices, Choice("Leave it", "rollout.leave", operation, None, *place, anyone=True)]


def next_steps(view: View, config: Config) -> list[Choice]:
    """What the result offers: what happened, as far as chats may see it, another try, and the way back."""
    assert view.outcome is not None
    target = _target(view, config)
    outcome: Outcome = view.outcome
    place = {"app": view.app, "environment": view.environment}
    choices: list[Choice] = []

    def offer(label: str, button: str, style: Style | None = None, **fields: Any) -> None:
        arguments = {**place, **fields}
        choices.append(Choice(label, button, arguments, style, view.app, view.environment, anyone=True))

    revision = outcome.attempt or outcome.revision
    if revision and target is not None and shows(target, "logs"):
        choices.append(run("Logs", f"/logs {view.app} {view.environment}", fresh=True))
    if revision:
        choices.append(run("Pods", f"/pods {view.app} {view.environment}", fresh=True))
    diffs = target is not None and shows(target, "diff")
    if revision and diffs and view.kind in ("deploy", "rollback", "mend"):
        offer("Diff", "result.diff", revision=revision)
    choices.append(run("Status", f"/status {view.app} {view.environment}", fresh=True))
    if view.kind == "deploy" and outcome.result in ("failed", "restored", "removed", "cancelled", "held"):
        again = f"/deploy {view.app} {view.version} {view.environment}"
        choices.append(run("Try again", again, fresh=True))
    if view.kind == "restart" and outcome.result in ("failed", "held"):
        choices.append(run("Try again", f"/restart {view.app} {view.environment}", fresh=True))
    if view.kind == "deploy" and outcome.result in ("done", "applied", "failed") and outcome.back_to:
        offer(f"Roll back to {outcome.back_to}", "rollback.ask", "danger", revision=None)
    if outcome.result == "broken":
        offer("Roll back", "rollback.ask", "danger", revision=None)
    if view.kind == "rollback" and outcome.result == "held":
        offer("Plan again", "rollback.ask", revision=None)
    return choices


def may_quote(view: View, config: Config, policy: Policy, chat_id: int) -> bool:
    """Whether what its pods said may be told in a chat now."""
    return disclosing.may_quote(_target(view, config), policy, chat_id)


def _target(view: View, config: Config) -> Target | None:
    """Where it works, None where the configuration in force does not know the place any more."""
    app = config.apps.get(view.app)
    there = app is not None and view.environment in app.environments
    return config.target(view.app, view.environment) if there else None
