"""When neither the new version nor the one before runs, a person is called, loudly, with both reasons."""

import pytest

from bot.helm.errors import ClusterRefused
from bot.helm.releases import Revision
from tests.worlds import World, spaced


async def test_a_rollback_that_is_refused_calls_for_a_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object, **__: object) -> Revision:
        raise ClusterRefused("admission webhook “freeze” denied the request")

    monkeypatch.setattr(world.parts.helm, "rollback", refused)
    await world.dana.deploys("v2.0-crash")
    end = await world.sees("🆘 shop → staging is broken")
    assert "v2.0-crash failed, v1.1 did not return" in spaced(end.text)
    assert "The app crashed at start" in end.text
    assert "freeze" in end.text
    assert "Needs a person now" in end.text
    ring = await world.sees("needs a person now")
    assert not ring.silent
