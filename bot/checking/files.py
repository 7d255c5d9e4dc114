"""Files on the bot's machine: whether each values file can be read and decrypted, and who else can read the key."""

from collections.abc import Mapping

from bot.app import Parts
from bot.checking.lines import Answer, Finding, Group, Question
from bot.config import Config, Secret, SecretMissing, Target
from bot.config.models import ValuesLayer
from bot.planning.layers import Facts, opened


def group(parts: Parts) -> Group:
    """A line for each values file, one for the store's key, and one for what helper programs are to get."""
    config = parts.current.config
    layers = {layer: target for target in config.targets() for layer in target.values}
    questions = [Question(str(layer.path), _Values(layer, target).answer) for layer, target in layers.items()]

    async def key() -> Answer:
        if parts.vault.exposed:
            words = f"others on this machine can read it: chmod 600 {parts.vault.file}"
            return Finding("note", "key of the store", words)
        return "for the bot's user alone"

    async def variables() -> Answer:
        return [
            Finding("wrong", f"variables of {whose}", f"{error}: set it in the bot's environment")
            for whose, listed in _variables(config).items()
            for error in _unset(listed)
        ]

    return Group("Files", [*questions, Question("key of the store", key), Question("variables", variables)])


class _Values:
    """One values file; what a template makes of a version is known with the version alone."""

    def __init__(self, layer: ValuesLayer, target: Target) -> None:
        self._layer = layer
        self._target = target

    async def answer(self) -> Answer:
        found = await opened(self._layer, self._target, Facts("v0"))
        return f"readable, {len(found.secret)} secrets" if found.secret else "readable"


def _variables(config: Config) -> Mapping[str, Mapping[str, Secret]]:
    """What is listed to be passed on, by who lists it."""
    sops = {"sops": config.sops.variables} if config.sops is not None else {}
    return {**sops, **{host: registry.variables for host, registry in config.registries.items()}}


def _unset(listed: Mapping[str, Secret]) -> list[SecretMissing]:
    found = []
    for variable in listed.values():
        try:
            variable.read()
        except SecretMissing as error:
            found.append(error)
    return found
