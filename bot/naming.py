"""What the words of a command line name: an app in an environment, and the person in whose name a cluster is asked."""

from bot.access import Identity
from bot.config import Config, Target
from bot.planning.errors import PlanRefused


def target_named(config: Config, app: str, environment: str) -> Target:
    """The app in the environment.

    Raises: PlanRefused naming those that there are.
    """
    try:
        return config.target(app, environment)
    except KeyError as error:
        known = ", ".join(str(target) for target in config.targets())
        raise PlanRefused(f"There is no {app} in {environment}", advice=f"Known are: {known}") from error


def identity_of(config: Config, target: Target, person: str) -> Identity | None:
    """Whom the person is in the cluster; nobody need be named where the bot asks it in its own name.

    Raises: PlanRefused when somebody has to be, or is not known.
    """
    people = config.people
    if person and person not in people:
        raise PlanRefused(
            f"There is no {person} under `people`", advice=f"Known are: {', '.join(people) or 'nobody'}"
        )
    identity = people[person].identity if person else None
    if target.environment.impersonate and identity is None:
        mapped = ", ".join(name for name, each in people.items() if each.identity is not None)
        whose = f"{person} has no `kubernetes` there" if person else "nobody was named"
        raise PlanRefused(
            f"{target.environment.name} asks the cluster in a person's name, and {whose}",
            advice=f"Name one of these with --as: {mapped}"
            if mapped
            else "Give one of `people` a `kubernetes`",
        )
    return identity
