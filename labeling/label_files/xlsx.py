"""Reads and writes XLSX files with openpyxl."""

from __future__ import annotations

import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labeling.errors import PlatformError, missing_extra
from labeling.label_files.cells import escaped
from labeling.label_files.columns import ASK, FILLED_IN, LABEL, SAMPLE_ID, VOTES, WHY, is_header_of
from labeling.label_files.sheets import Sheet, Table
from labeling.records.size_limits import FROM_PEOPLE, check_workbook, sheet_rows

MAX_CHARACTERS = 32_767  # in a cell, counted as UTF-16
MAX_ROWS = 1_048_576
CREATED_AT = datetime.datetime(2000, 1, 1)
ZIP_DATE = (2000, 1, 1, 0, 0, 0)
WIDTHS = {ASK: 6, SAMPLE_ID: 12, LABEL: 16, VOTES: 24, WHY: 36}
TEXT_WIDTH, WIDTH = 80, 24
MARKED = "x"


def read_xlsx(path: Path) -> list[Table]:
    """Return the sheets that have questions, or else the first sheet."""
    openpyxl = _openpyxl()
    check_workbook(path, FROM_PEOPLE)
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions that are not read
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        tables = [_table(sheet, index) for index, sheet in enumerate(book.worksheets)]
        book.close()
    questions = [
        table for table in tables if any(is_header_of(str(name), ASK) for name in table.header)
    ]
    return questions or tables[:1]


def _table(sheet: Any, index: int) -> Table:
    rows = list(sheet_rows(sheet, FROM_PEOPLE))
    header = rows[0][1] if rows else ()
    return Table(header, rows[1:], f"sheet {sheet.title!r}" if index else "")


def write_xlsx(sheet: Sheet) -> bytes:
    """Return a workbook with a list to choose labels from; the same rows give the same bytes.

    Raises:
        PlatformError: more characters or rows than a spreadsheet can hold.
        MissingExtraError: openpyxl is not installed.
    """
    if len(sheet.rows) >= MAX_ROWS:
        raise PlatformError(
            f"A spreadsheet must have at most {MAX_ROWS - 1} rows. Got {len(sheet.rows)}; push"
            " smaller batches, or files of the kind csv or jsonl."
        )
    rows = _escaped_rows(sheet)  # before the workbook is opened, which must then be saved
    book = _openpyxl().Workbook(write_only=True)
    book.properties.created = CREATED_AT
    _write_questions(book.create_sheet("questions"), sheet, rows)
    choices = book.create_sheet("labels")
    for label in sheet.choices:
        choices.append([_cell(choices, escaped(label))])
    raw = io.BytesIO()
    book.save(raw)
    return _without_timestamps(raw)


def _write_questions(worksheet: Any, sheet: Sheet, rows: Sequence[Sequence[object]]) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    worksheet.freeze_panes = "A2"
    top = Alignment(vertical="top", wrap_text=True)
    for index, name in enumerate(sheet.columns, 1):
        column = worksheet.column_dimensions[get_column_letter(index)]
        column.width = TEXT_WIDTH if name == sheet.text else WIDTHS.get(name, WIDTH)
        column.alignment = top
        if name in FILLED_IN or name in sheet.marks:
            column.number_format = "@"  # text, or 1-2 would become a date
    letter = get_column_letter(sheet.columns.index(LABEL) + 1)
    choose = DataValidation("list", f"labels!$A$1:$A${len(sheet.choices)}", allow_blank=True)
    choose.error = "Choose one from the list."
    choose.add(f"{letter}2:{letter}{len(sheet.rows) + 1}")
    worksheet.data_validations.append(choose)
    for name in sorted(sheet.marks):
        _offer_mark(worksheet, get_column_letter(sheet.columns.index(name) + 1), len(sheet.rows))
    worksheet.append(
        [_cell(worksheet, escaped(name), font=Font(bold=True)) for name in sheet.headers]
    )
    styles: list[dict[str, Any]] = [
        {} if name in (ASK, SAMPLE_ID) else {"alignment": top} for name in sheet.columns
    ]
    for row in rows:
        worksheet.append(
            [
                _cell(worksheet, value, **style) if isinstance(value, str) else value
                for value, style in zip(row, styles, strict=True)
            ]
        )


def _offer_mark(worksheet: Any, letter: str, n_rows: int) -> None:
    """Add a list with an x to a column; people may as well write 1 or yes."""
    from openpyxl.worksheet.datavalidation import DataValidation

    offer = DataValidation("list", f'"{MARKED}"', allow_blank=True, showErrorMessage=False)
    offer.add(f"{letter}2:{letter}{n_rows + 1}")
    worksheet.data_validations.append(offer)


def _escaped_rows(sheet: Sheet) -> list[list[object]]:
    """Return the rows with texts escaped for a workbook."""
    rows = [
        [escaped(value) if isinstance(value, str) else value for value in row] for row in sheet.rows
    ]
    for before, row in zip(sheet.rows, rows, strict=True):
        longest = max(_units(value) for value in row if isinstance(value, str))
        if longest > MAX_CHARACTERS:
            raise PlatformError(
                f"A cell of a spreadsheet must have at most {MAX_CHARACTERS} characters. Sample"
                f" {before[sheet.columns.index(SAMPLE_ID)]!r} has {longest}; use files of the kind"
                " csv or jsonl."
            )
    return rows


def _cell(worksheet: Any, text: str, **style: Any) -> Any:
    """Return a text cell, whatever the text looks like."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(worksheet, text)
    cell.data_type = "s"  # not a formula, not an error value
    cell.number_format = "@"  # it stays text when somebody edits it
    for name, value in style.items():
        setattr(cell, name, value)
    return cell


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _without_timestamps(raw: io.BytesIO) -> bytes:
    """Return a workbook without the times of writing, so that the same rows give the same bytes."""
    plain = io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(plain, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                modified = rb"(<dcterms:modified[^>]*>)[^<]*"
                content = re.sub(modified, rb"\g<1>2000-01-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(entry.filename, ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return plain.getvalue()


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    return openpyxl
