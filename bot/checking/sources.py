"""Charts and registries: each app's chart is there, and its registry has versions."""

from bot.app import Parts
from bot.checking.lines import Answer, Group, Question
from bot.connections import chart_source
from bot.helm import charts


def group(parts: Parts) -> Group:
    """A line for each app's chart, and one for its registry where it has an image."""
    questions = []
    for app in parts.current.config.apps.values():
        questions.append(Question(f"chart of {app.name}", _Asked(parts, app.name).chart))
        if app.image is not None:
            questions.append(Question(f"registry of {app.name}", _Asked(parts, app.name).registry))
    return Group("Charts and registries", questions)


class _Asked:
    def __init__(self, parts: Parts, app: str) -> None:
        self._parts = parts
        self._app = parts.current.config.apps[app]

    async def chart(self) -> Answer:
        registries = self._parts.current.config.registries
        source = await chart_source(self._app, registries, hide=self._parts.current.hide)
        archive = await charts.fetch(source)
        return f"{archive.name} {archive.version}"

    async def registry(self) -> Answer:
        offered = await self._parts.versions.offered(self._app)
        return f"newest {offered[0]}, {len(offered)} versions" if offered else "no versions yet"
