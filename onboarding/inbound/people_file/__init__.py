"""The file HR really has, as a table: CSV in any usual dress, or a workbook.

The content decides what a file is; its name and declared type only make the errors clearer.
Everything wrong with the file as a whole is BadInput with a remedy; what is wrong with one row is
the business of `onboarding.domain.audience`.
"""

from onboarding.inbound.people_file.read import MAX_BYTES, read_rows
from onboarding.inbound.people_file.report import refused_csv
from onboarding.inbound.people_file.table import Table

__all__ = ["MAX_BYTES", "Table", "read_rows", "refused_csv"]
