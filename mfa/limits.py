"""How much is read and computed at most, as data: what exceeds a limit is refused before it takes memory.

The limits leave room for a system of ten million unknowns and for the largest statistics that are published;
they stop what a mistyped number, a damaged file or a hostile one would otherwise ask for.
"""

from __future__ import annotations

from dataclasses import dataclass

from mfa.errors import Place, Problem
from mfa.printed import LONGEST_LINE, LONGEST_QUOTE, LONGEST_TEXT

CODE = "too-large"
MEBI = 2**20


@dataclass(frozen=True, slots=True)
class Limit:
    """The most of something that is accepted: `counted` says of what, `hint` what to do about more."""

    most: int
    counted: str
    hint: str

    def __str__(self) -> str:
        return f"{self.most:,} {self.counted}"

    def allows(self, found: int) -> bool:
        """Whether so many are accepted."""
        return found <= self.most

    def exceeded(self, what: str, where: Place | None = None, *, found: int | None = None) -> Problem:
        """The refusal of something that is too large, with the limit and, where it is known, what it has.

        >>> LABELS.exceeded('dimension "year"', found=3_000_000_001).text
        'dimension "year" has 3,000,000,001: at most 1,000,000 labels of one dimension are accepted'
        """
        has = f"has {found:,}" if found is not None else "is too large"
        text = f"{what} {has}: at most {self} are accepted"
        return Problem(CODE, text, where, self.hint)


DOCUMENT_BYTES = Limit(32 * MEBI, "bytes of one scenario file", "move numbers into tables")
DOCUMENT_VALUES = Limit(
    1_000_000, "keys and values of one scenario file, aliases written out", "move numbers into tables"
)
DOCUMENT_DEPTH = Limit(
    100, "levels of one scenario file", "write it with fewer lists and mappings inside others"
)
IMPORTS = Limit(200, "files imported by one scenario", "join some of the files")
LABEL_BYTES = Limit(
    64 * MEBI, "bytes of one file of labels", "keep the columns of labels, members and titles alone"
)
LABELS = Limit(1_000_000, "labels of one dimension", "check the two ends of the range")
CELLS = Limit(50_000_000, "cells of all flows, trades and stocks", "check the dimensions, `by` and `pairs`")
NUMBERS = Limit(50_000_000, "numbers of one value", "leave out dimensions that the value does not vary over")
VARIANTS = Limit(1_000, "variants of one scenario", "vary values with `sweep`")
DRAWN = Limit(1_000_000_000, "numbers of all draws", "take fewer draws")
REDRAWN = Limit(
    10_000,
    "unknowns of a system with products that is solved again for every draw",
    "use `uncertainty: {method: posterior}`",
)
ABSOLUTE = Limit(
    10_000,
    "unknowns of a system with products under the loss l1",
    "use `robust: huber`, which is near it and smooth near the fit",
)
TABLE_BYTES = Limit(1024 * MEBI, "bytes of one table, unpacked", "keep the rows and columns that are needed")
SHEET_BYTES = Limit(256 * MEBI, "bytes of one workbook, unpacked", "save the sheet as CSV")
SHEET_CELLS = Limit(20_000_000, "cells of one sheet", "save the sheet as CSV")
JSON_VALUES = Limit(20_000_000, "values of one JSON file", "ask for fewer records, or for CSV")
TABLE_ROWS = Limit(20_000_000, "rows of one table", "keep the rows that are needed")
TABLE_COLUMNS = Limit(16_384, "columns of one table", "keep the columns that are needed")
TABLE_FILES = Limit(10_000, "files of one pattern", "name the folder more closely")
FOLDER_ENTRIES = Limit(200_000, "files and folders looked at for one pattern", "name the folder more closely")
FORMULA_LENGTH = Limit(20_000, "characters of one formula", "split it into several indicators")
FORMULA_TERMS = Limit(
    1_000, "names, numbers and functions of one formula", "split it into several indicators"
)
FORMULA_DEPTH = Limit(
    50, "brackets and signs of one formula inside each other", "split it into several indicators"
)
RESULT_BYTES = Limit(4096 * MEBI, "bytes of one array or table of a saved result", "run the scenario again")
PROBLEMS = Limit(
    100, "problems of one kind in one table that are listed", "mend the first ones and check again"
)
TEXT = Limit(LONGEST_TEXT, "characters of one message that are printed", "")
QUOTED = Limit(LONGEST_QUOTE, "characters of one name or value in a message that are printed", "")
LINE = Limit(LONGEST_LINE, "characters of one source line that are printed", "")

STATED = (
    *(
        DOCUMENT_BYTES,
        DOCUMENT_VALUES,
        DOCUMENT_DEPTH,
        IMPORTS,
        LABEL_BYTES,
        LABELS,
        CELLS,
        NUMBERS,
        VARIANTS,
        DRAWN,
        REDRAWN,
        ABSOLUTE,
    ),
    *(
        TABLE_BYTES,
        SHEET_BYTES,
        SHEET_CELLS,
        JSON_VALUES,
        TABLE_ROWS,
        TABLE_COLUMNS,
        TABLE_FILES,
        FOLDER_ENTRIES,
    ),
    *(FORMULA_LENGTH, FORMULA_TERMS, FORMULA_DEPTH, RESULT_BYTES, PROBLEMS, TEXT, QUOTED, LINE),
)
"""Every limit, as `mfa doctor` prints them."""
