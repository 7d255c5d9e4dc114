"""An image registry on a port of this machine: the read side of the OCI distribution API over real content.

For the sandbox's world, for tests and for trying a configuration without a registry. What it serves is
put in by `RegistryServer.add`; pushing over HTTP is left to real registries.
"""

from bot.sandbox.registry.access import BasicAccess, BearerAccess
from bot.sandbox.registry.samples import add_sample_images
from bot.sandbox.registry.server import RegistryServer

__all__ = ["BasicAccess", "BearerAccess", "RegistryServer", "add_sample_images"]
