"""The bot of a world as git hosts reach it."""

from pathlib import Path

from aiohttp import ClientSession

from tests.conformance.talking import free_port
from tests.webhooks.payloads import SECRET, Call

BINDINGS = """
  - {role: admin, people: [kim]}
  - {role: deployer, people: [dana], environments: [staging, production]}
  - {role: developer, people: [lee], environments: [staging]}
  - {role: viewer, people: [vic]}
"""
"""The sample's own: a list of a later file replaces that of an earlier one."""

NO_SOURCE = 'apps: {{shop: {{source: {{git: "file://{folder}/nowhere"}}, build: {{}}}}}}\n'
"""A shop whose builds end soon, since there is nothing to build."""


class Called:
    """Where a bot is called."""

    def __init__(self) -> None:
        self.port = free_port()

    def config(self, *, webhook: str = "", bindings: str = "{role: developer, webhooks: [shop]}") -> str:
        """The configuration of one webhook `shop` of GitHub, beside whatever else a test lays over."""
        return f"""
listen: 127.0.0.1:{self.port}
bindings:{BINDINGS}  - {bindings}
webhooks:
  shop:
    host: github
    secret_file: webhook
    repository: team/shop
    apps: [shop]
    branches: [main, "release/*"]
    tags: ["v*"]
    chat: team
    topic: deploys
    {webhook}
"""

    async def post(self, call: Call, name: str = "shop") -> tuple[int, str]:
        """Make a call; the status and what was said."""
        call = call.signed() if not call.body else call
        async with (
            ClientSession(f"http://127.0.0.1:{self.port}") as client,
            client.post(f"/webhooks/{name}", data=call.body, headers=call.headers) as answer,
        ):
            return answer.status, await answer.text()


def write_secret(folder: Path) -> None:
    """What `secret_file` names."""
    (folder / "webhook").write_text(SECRET)
