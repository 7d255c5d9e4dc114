"""Small charts that a test writes, and rendering them as most tests want it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.helm.charts import ChartArchive, FolderChart, fetch
from bot.helm.client import Helm
from bot.helm.rendering import Rendered

ABOUT = "apiVersion: v2\nname: demo\nversion: 1.2.3\nappVersion: v9\n"
CHART_YAML = ("demo/Chart.yaml", ABOUT.encode())
"""The one member that an archive needs."""


class Charts:
    """Writes charts below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "demo"

    def write(self, files: Mapping[str, str]) -> Path:
        for name, text in ({"Chart.yaml": ABOUT} | dict(files)).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self.folder

    async def pack(self, files: Mapping[str, str]) -> ChartArchive:
        return await fetch(FolderChart(self.write(files)))

    async def template(self, text: str) -> ChartArchive:
        """A chart of one template, x.yaml."""
        return await self.pack({"templates/x.yaml": text})


async def render(
    helm: Helm, chart: ChartArchive, values: Mapping[str, Any] | None = None, **options: Any
) -> Rendered:
    cluster: dict[str, Any] = {"kube_version": "v1.31.2", "api_versions": ["example.org/v1"]}
    return await helm.render(
        chart, values or {}, **({"release": "shop", "namespace": "shop-staging"} | cluster | options)
    )


async def text(
    helm: Helm, charts: Charts, template: str, values: Mapping[str, Any] | None = None, **options: Any
) -> str:
    """What one template renders to."""
    rendered = await render(helm, await charts.template(template), values, **options)
    return rendered.files["demo/templates/x.yaml"]


def tgz(members: Sequence[tuple[str | tarfile.TarInfo, bytes]]) -> bytes:
    """An archive of exactly these members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            if info.isreg():
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
