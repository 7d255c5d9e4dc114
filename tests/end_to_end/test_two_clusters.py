"""Two environments in two clusters: what happens to one of these does not keep the other from its work."""

import io
from pathlib import Path

import pytest

from tests.control_plane.running import ControlPlane
from tests.end_to_end.conftest import QUICK, configured, given, goes_as_told, started

SCRIPT = r"""
- {as: dana, in: private, say: "/deploy shop v1.1 production"}
- {as: dana, in: private, expect: {text: "shop → PRODUCTION v1\\.1", buttons: ["Deploy to PRODUCTION"], within: 60s}}
- {as: dana, in: private, press: "Deploy to PRODUCTION"}
- {as: dana, in: private, expect: {text: "✅ shop → PRODUCTION v1\\.1", within: 60s}}

# West goes away: it is said, and East does its work.
- {cluster: {down: 10m, name: west}}
- {as: dana, in: private, say: "/deploy shop v1.2 production"}
- {as: dana, in: private, expect: {text: "(?s)🚫 Cluster west cannot be reached.*Nothing has changed", within: 60s}}
- {as: dana, in: private, say: "/deploy shop v1.2 staging"}
- {as: dana, in: private, expect: {text: "shop → staging v1\\.2", buttons: ["Deploy to staging"], within: 60s}}
- {as: dana, in: private, press: "Deploy to staging"}
- {as: dana, in: private, expect: {text: "✅ shop → staging v1\\.2", within: 60s}}
- {as: dana, in: private, say: "/status shop"}
- {as: dana, in: private, expect: {text: "(?s)production\\s+⚠ shop .*staging\\s+✅ shop v1\\.2", within: 60s}}

# It is back, and goes on.
- {cluster: {down: 0s, name: west}}
- {as: dana, in: private, say: "/deploy shop v1.2 production"}
- {as: dana, in: private, expect: {text: "shop → PRODUCTION v1\\.2", buttons: ["Deploy to PRODUCTION"], within: 60s}}
- {as: dana, in: private, press: "Deploy to PRODUCTION"}
- {as: dana, in: private, expect: {text: "✅ shop → PRODUCTION v1\\.2", within: 60s}}
"""


@pytest.mark.long(30)
async def test_one_that_is_down_is_named_while_the_other_one_works(
    bare_plane: ControlPlane, other_bare_plane: ControlPlane, tmp_path: Path
) -> None:
    there = given(bare_plane, other_bare_plane, folder=tmp_path, names=("east", "west"))
    config = configured(tmp_path, {"staging": {"cluster": "east"}, "production": {"cluster": "west"}})
    async with started(tmp_path, configs=[config], given=there, pace=QUICK, out=io.StringIO()) as running:
        await goes_as_told(running, SCRIPT)
