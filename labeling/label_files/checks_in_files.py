"""The part of a platform of files that lets reviewers check votes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labeling.label_files.assignment import Roster
from labeling.label_files.check_sheets import check_sheets, parse_checks
from labeling.label_files.columns import ASK, Columns
from labeling.label_files.delivery import SheetDelivery
from labeling.label_files.folder import Folder
from labeling.label_files.row_content import content_from_samples
from labeling.label_files.row_key import parse_row_key
from labeling.label_files.row_parser import RowChecks
from labeling.label_files.sheets import problems_of
from labeling.records import AnnotationPlatform, CheckAnswer, CheckRequest, MissingText


class ChecksInFiles(AnnotationPlatform):
    """Writes votes to check into files for reviewers, and reads what they wrote."""

    _folder: Folder
    _columns: Columns
    _missing_text: MissingText
    _checks: RowChecks
    _reviewers: Roster
    _to_reviewers: SheetDelivery

    def ask_checks(self, requests: Sequence[CheckRequest], samples: pd.DataFrame) -> None:
        """Write files in which reviewers check votes that are in none yet."""
        contents = self._folder.clean_up()
        keys = {key.key for row in contents.rows if (key := parse_row_key(row[ASK])) is not None}
        new = [request for request in requests if request.key not in keys]
        if new and not contents.unread:  # what cannot be read may hold them
            ids = [request.sample_id for request in new]
            content = content_from_samples(samples, ids, self._columns, self._missing_text)
            parts = (self._columns, self._checks.labels, self._reviewers)
            self._to_reviewers.write(check_sheets(new, content, *parts))

    def checks(self, requests: Sequence[CheckRequest]) -> tuple[CheckAnswer, ...]:
        """Return what reviewers wrote into the files of `ask_checks`."""
        rows = self._folder.contents().rows
        answers, faults = parse_checks(rows, self._columns, self._checks.labels, self._reviewers)
        self._record_problems("checks", problems_of(faults))
        keys = {request.key for request in requests}
        return tuple(answer for answer in answers if answer.key in keys)
