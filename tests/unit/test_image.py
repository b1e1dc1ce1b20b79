"""The image has every package that runs: the Dockerfile copies it, and .dockerignore lets it through."""

import re
import tomllib

from coinloom.settings import REPOSITORY


def test_every_package_that_is_installed_is_in_the_image() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert len(packages) > 12
    assert packages - copied() == set()


def test_nothing_is_copied_that_is_ignored() -> None:
    let_through = set(re.findall(r"^!([\w.-]+)/?$", (REPOSITORY / ".dockerignore").read_text(), re.MULTILINE))
    assert copied() == let_through


def copied() -> set[str]:
    """What the Dockerfile copies from here, without the place where it goes to."""
    lines = re.findall(r"^COPY (?:--\S+ )?(.+)$", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)
    return {source for line in lines for source in line.split()[:-1]}
