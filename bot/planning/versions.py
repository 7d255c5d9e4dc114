"""Which versions of an app there are, and what a version is: a tag and its digest in the registry."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.config import App
from bot.images import versions
from bot.images.errors import ReferenceInvalid, RefMissing, SourceRefused, TagMissing
from bot.images.registry import Registries
from bot.images.source import Sources
from bot.images.tagging import tag_of
from bot.images.versions import TagRule
from bot.planning.errors import PlanRefused
from bot.planning.values import Image

_TEMPLATES = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


class Versions:
    """Asks the registry, and git where the registry does not know."""

    def __init__(
        self,
        registries: Callable[[], Registries],
        sources: Callable[[], Sources],
        charts: Callable[[App], Awaitable[Sequence[str]]],
    ) -> None:
        """The first two are asked for at each use: a reload of the configuration replaces them.

        `charts` lists the versions of an app's chart.
        """
        self._charts = charts
        self._registries = registries
        self._sources = sources

    async def offered(self, app: App) -> Sequence[str]:
        """The app's versions, newest first: those of its image, else of its chart.

        Raises: ImagesError, HelmError.
        """
        rule = TagRule(app.tags.pattern, app.tags.order)
        if app.image is None:  # `tags` speaks of images, not of charts
            return await asyncio.to_thread(versions.order, await self._charts(app))
        tags = await self._registries().tags(app.image)
        matching = await asyncio.to_thread(versions.matching, tags, rule)  # there may be many thousands
        built = None
        if rule.order == "created":
            asked = [tag for tag in matching if not versions.is_moving(tag)]
            built = await self._registries().built(app.image, asked)
        return await asyncio.to_thread(versions.order, matching, rule, built)

    async def built(self, app: App, versions: Sequence[str]) -> Mapping[str, datetime | None]:
        """When these versions were built, as far as their images say; {} for an app without images."""
        if app.image is None:
            return {}
        return await self._registries().built(app.image, versions)

    async def image(self, app: App, version: str) -> Image | None:
        """The image of a version; None when the app is versioned by its chart.

        A version that is no tag may be a branch or commit whose image was built by the app's tag rule.
        Raises: ImagesError, e.g. TagMissing with the nearest tag.
        """
        if app.image is None:
            return None
        try:
            return Image(app.image, version, await self._registries().digest(app.image, version))
        except (TagMissing, ReferenceInvalid) as missing:  # a branch may have a name that no tag may have
            tag = await self._built_tag(app, version)
            if tag is None or tag == version:
                raise missing from None
            return Image(app.image, tag, await self._registries().digest(app.image, tag))

    async def commit(self, app: App, version: str) -> str:
        """The commit of a version by the app's rule; "" without a source or without such a ref.

        Raises: SourceUnreachable, SourceRefused.
        """
        if app.source is None:
            return ""
        try:
            return await self._sources().resolve(app.source.git, ref_of(app, version))
        except RefMissing:
            return ""

    async def _built_tag(self, app: App, ref: str) -> str | None:
        if app.source is None or app.build is None:
            return None
        sources = self._sources()
        try:
            sha = await sources.resolve(app.source.git, ref)
        except (RefMissing, SourceRefused):  # what the registry says is what people asked for
            return None
        return tag_of(app.build.tag, ref, sha, is_version=await sources.is_tag(app.source.git, ref))


def ref_of(app: App, version: str) -> str:
    """The git ref of a version, by the app's `source.ref`.

    Raises: PlanRefused when the template can't be filled in.
    """
    assert app.source is not None
    try:
        return _TEMPLATES.from_string(app.source.ref).render(version=version)
    except Exception as error:  # whatever an expression in it raises
        raise PlanRefused(
            f"{app.name}'s source.ref can't be filled in",
            advice="Mend it in the configuration",
            quote=str(error),
        ) from error
