"""What pyproject.toml can't say: the wheel brings the chart that the sandbox's sample world runs on.

`charts/` at the top is the one source of it. Where it is not there, as in the container image's build, which
leaves the sandbox out, the wheel is made without.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CHART = Path("charts", "microservice")


class BuildWithChart(build_py):
    """Copies the chart beside bot.sandbox; an editable install reads it where it is."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode and CHART.is_dir():
            shutil.copytree(CHART, Path(self.build_lib, "bot", "sandbox", CHART), dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithChart})
