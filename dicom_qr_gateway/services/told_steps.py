"""Worklist entries that a PACS tells again because it is asked in a second character set.

Rule: a worklist has no unique keys, so an entry is known by its row. What an earlier C-FIND told is
left out; two equal ones of one C-FIND are the PACS' own and stay.
"""

from collections.abc import Generator
from contextlib import closing

from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.services.qido_rows import Match


class ToldSteps:
    """The rows of all C-FINDs of a question."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows: set[bytes] = set()

    def new(self, found: Generator[DataSet, None, None]) -> Generator[DataSet, None, None]:
        """Yield what a C-FIND tells and none before it told."""
        own = set()
        with closing(found):
            for data_set in found:
                row = Match(data_set).row()
                own.add(row)
                if row not in self._rows:
                    yield data_set
        self._rows |= own
