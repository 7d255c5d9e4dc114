"""Uninstall: remove a release from its environment."""

from bot.helm.errors import HelmError, ReleaseMissing
from bot.operations.errors import StepFailed
from bot.operations.operation import Outcome
from bot.operations.release import ReleaseOperation
from bot.operations.steps import Steps
from bot.operations.transience import is_transient


class Uninstall(ReleaseOperation, kind="uninstall"):
    """Remove a release; its history goes with it."""

    async def run(self, do: Steps) -> Outcome:
        """Check, then remove."""
        await do("preflight", self.check_unmoved)
        await do("remove", self.remove)
        return Outcome(result="done")

    async def remove(self) -> None:
        """Helm's uninstall; one that is gone already is what was asked for.

        Raises: StepFailed with the cluster's or a hook's own words.
        """
        site = self.arguments.site
        try:
            await self.tools.helm.uninstall(
                site.location, as_=site.identity, timeout=self.arguments.policy.timeout
            )
        except ReleaseMissing:
            return
        except HelmError as error:
            if is_transient(error):
                raise
            raise StepFailed(
                self.tools.mask(error.words), advice="Look at /status, then try again"
            ) from error
