"""From a confirmed plan to the operation that it becomes."""

from typing import Any

from bot.commands.ask import Ask
from bot.commands.requests import Request
from bot.config import Target
from bot.operations.deploy import CHART, VALUES, Deploy, DeployArguments
from bot.operations.desk import Order
from bot.operations.operation import Arguments
from bot.operations.policy import Policy
from bot.operations.release import ReleaseArguments
from bot.operations.restart import Restart
from bot.operations.rollback import Rollback, RollbackArguments
from bot.operations.uninstall import Uninstall
from bot.planning.plan import Plan
from bot.planning.values import frozen_form


def order(ask: Ask, request: Request, plan: Plan) -> Order:
    """The operation that a confirmed plan becomes; its message is the plan's."""
    target = ask.config.target(request.app, request.environment)
    kind, arguments = _arguments(plan, policy_of(target), request.stops)
    frozen: dict[str, bytes] = {}
    if plan.frozen.archive is not None and plan.frozen.values is not None:
        frozen = {CHART: plan.frozen.archive.data, VALUES: frozen_form(plan.frozen.values)}
    return Order(
        kind=kind,
        subject=plan.site.id.subject,
        app=plan.app,
        environment=plan.environment,
        version=plan.version,
        arguments=arguments,
        author=ask.author,
        chat_id=ask.chat_id,
        topic=ask.topic,
        message_id=ask.message_id if ask.pressed else None,
        priority=1 if request.kind == "rollback" else 0,
        shouts=plan.shouts,
        quotes=target.environment.disclose == "logs",
        frozen=frozen,
    )


def policy_of(target: Target) -> Policy:
    """The environment's rules for changes, as an operation freezes them."""
    environment = target.environment
    return Policy(
        on_failure=environment.on_failure,
        timeout=environment.timeout,
        crash_restarts=environment.fail_early.crash_restarts,
        image_grace=environment.fail_early.image_grace,
        settle=environment.fail_early.settle,
        history_max=environment.history_max,
        create_namespace=environment.create_namespace,
        tests=target.app.tests,
        announces=environment.announce is not None,
    )


def _arguments(plan: Plan, policy: Policy, stops: str) -> tuple[str, Arguments]:
    shared: dict[str, Any] = {
        "site": plan.site,
        "policy": policy,
        "base": plan.base,
        "before": plan.now,
        "objects": plan.objects,
        "removes": plan.removes,
        "forces": plan.forces,
        "autoscaled": plan.trial.autoscaled,
    }
    if plan.kind == "rollback":
        return Rollback.kind, RollbackArguments(
            **shared, revision=plan.revision, lasting=plan.lasting, stops=stops
        )
    if plan.kind == "uninstall":
        return Uninstall.kind, ReleaseArguments(**shared)
    if plan.kind == "restart":
        return Restart.kind, ReleaseArguments(**shared)
    return Deploy.kind, DeployArguments(**shared, image_digest=plan.image_digest)
