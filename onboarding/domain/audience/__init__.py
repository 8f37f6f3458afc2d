"""Who is to be welcomed: the columns HR uses, and one verdict for every row.

Rows come from a spreadsheet (`check_rows`) or as JSON objects (`check_people`). Each row that
is not blank is either accepted or refused, never both and never neither:

    len(accepted) + len(refused) == rows

A row is known by its number: data rows count from 1, a completely blank line is not a row.
"""

from onboarding.domain.audience.check import check_people, check_rows
from onboarding.domain.audience.names import ALIASES, fields_by_alias, known_fields
from onboarding.domain.audience.rows import Audience, Cell, PersonRow, RefusedRow
from onboarding.domain.audience.wording import fold

__all__ = [
    "ALIASES",
    "Audience",
    "Cell",
    "PersonRow",
    "RefusedRow",
    "check_people",
    "check_rows",
    "fields_by_alias",
    "fold",
    "known_fields",
]
