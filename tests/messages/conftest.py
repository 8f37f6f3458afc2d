import shutil
from functools import cache
from pathlib import Path

import pytest

from onboarding.messages.catalogue import Catalogue, load

TEMPLATES = Path(__file__).parents[2] / "templates"


@cache
def shipped() -> Catalogue:
    """The catalogue of the shipped templates."""
    return load(TEMPLATES)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return shipped()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped templates that a test may spoil."""
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))
