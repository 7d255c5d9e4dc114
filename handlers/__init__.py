"""The commands, one module per family. `load` imports them all, which declares them."""

import importlib
import pkgutil


def load() -> None:
    """Declare every command and button of this package."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
