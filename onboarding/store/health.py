"""Whether a database can be used, looked at without changing anything in it."""

from enum import StrEnum
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from onboarding.errors import BadInput
from onboarding.store.database import open_database
from onboarding.store.migrate import is_current


class Tables(StrEnum):
    """Whose tables a database holds."""

    NONE = "none"
    CURRENT = "current"
    OTHER = "other"


def tables(url: str) -> Tables:
    """What is in the database of this URL. Raises BadInput when it cannot be reached."""
    file = make_url(url).database if url.startswith("sqlite") else None
    if file is not None and not Path(file).exists():
        return Tables.NONE
    try:
        return _tables(url)
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        raise BadInput(
            f"The database cannot be reached: {said[0] if said else type(error).__name__}.",
            "Check DATABASE_URL, and that the database runs and lets this user in.",
        ) from error


def _tables(url: str) -> Tables:
    database = open_database(url)
    try:
        if not inspect(database.engine).has_table("alembic_version"):
            return Tables.NONE
        return Tables.CURRENT if is_current(database.engine) else Tables.OTHER
    finally:
        database.close()
