import pytest

from bot.commands.arguments import NO_SETS, Sets, Version
from bot.commands.declaring import KNOWN, Parameter, button, command
from bot.config import App, Environment


@pytest.fixture(autouse=True)
def _registries_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.commands.declaring.COMMANDS", {})
    monkeypatch.setattr("bot.commands.declaring.BUTTONS", {})


def test_the_signature_is_the_command() -> None:
    from bot.commands import declaring

    @command("try", permission="deploy.run", example="/try shop", group="Deploy")
    async def attempt(
        ask: object,
        app: App,
        environment: Environment | None = None,
        version: Version | None = None,
        sets: Sets = NO_SETS,
    ) -> None:
        """Try it out.

        More that help does not show.
        """

    found = declaring.COMMANDS["try"]
    assert found.parameters == (
        Parameter("app", App, True),
        Parameter("environment", Environment, False),
        Parameter("version", Version, False),
        Parameter("sets", Sets, False),
    )
    assert (found.summary, found.group, found.permission) == ("Try it out", "Deploy", "deploy.run")


@pytest.mark.parametrize("permission", ["", "deploy.everything", None])
def test_nothing_is_registered_without_a_permission_that_exists(permission: object) -> None:
    for register in (
        command("try", permission=permission, example="/try"),  # type: ignore[arg-type]
        button("try", permission=permission),  # type: ignore[arg-type]
    ):
        with pytest.raises(ValueError, match="needs a permission that exists"):

            @register
            async def attempt(ask: object) -> None: ...


def test_a_permission_cannot_be_left_out() -> None:
    with pytest.raises(TypeError):
        command("try", example="/try")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        button("try")  # type: ignore[call-arg]


def test_a_name_is_declared_once() -> None:
    for _ in range(2):
        register = command("try", permission=KNOWN, example="/try")

        async def attempt(ask: object) -> None: ...

        if _ == 0:
            register(attempt)
            continue
        with pytest.raises(ValueError, match="declared twice"):
            register(attempt)
