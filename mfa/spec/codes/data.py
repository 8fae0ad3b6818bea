"""Codes of problems with tables of numbers."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "table": Entry(
        """A file of numbers cannot be read as a table: it is damaged, not text in UTF-8, or of a
        format that is not known.""",
        "table: {file: exports.json, format: comtrade}",
    ),
    "table-column": Entry(
        """A table lacks a column, or has one that is not read although its name or its labels say that it
        matters. Columns are found by their exact names; `rename` gives a column of the file the name that is
        used here, `column` says which one holds the numbers. Other columns that nothing reads are named in a
        warning, unless `column` picks one of several.""",
        "table: {file: quota.csv, rename: {Country: region}, column: tonnes}",
    ),
    "table-number": Entry(
        """A cell that should hold a number does not, or may be two numbers: 21,000 is 21000 to some and
        21.000 to others, 10% in a column sd is 10 % of the value or 0.1. Footnote digits, thousands
        separators and units in the cell are the usual causes; they are not guessed at.""",
        "year,region,value\n2022,CHN,210000",
    ),
    "table-nan": Entry(
        """A row states no number (an empty cell, NaN, n.a.). Missing is never zero: delete the row,
        and the number is unknown; write 0 where nothing was reported to have flowed.""",
    ),
    "table-duplicate": Entry(
        """Two rows have the same labels, so that one of the numbers would be lost or both would be
        added. Give them different editions or sources, or delete one.""",
        "year,region,edition,value\n2022,CHN,2023,210000\n2022,CHN,2024,212000",
    ),
    "table-label": Entry(
        """A row has a label that the dimension does not know and no group takes in, or a year that it does
        not have. Add the label to the dimension, to the `members` of a group, or to the rest of the world
        ('*'); `outside: ignore` leaves such rows out. Years outside in a connector's file, which holds all
        there are, are a warning.""",
        "members: {EU27: [AUT, BEL], ROW: ['*']}",
    ),
    "table-empty": Entry(
        """A table has no rows, or none is left after `where`. Mark a table that users supply
        themselves as `optional`.""",
        "table: {file: trade.csv, where: {flow: Import}}",
    ),
    "table-gap": Entry(
        """A member of a group has no row in some year while it has one in others. It counts as nothing in
        that year, which is a warning: `gaps: zero` says that this is meant, `gaps: refuse` makes it an
        error.""",
        "table: {file: production.csv, gaps: refuse}",
    ),
    "table-withheld": Entry(
        """A row of a group, or of a sum over codes, states no figure: it is empty, withheld (W) or not
        available. It is not zero, so the sum of the others is taken as a lower bound of the whole, or
        refused with `gaps: refuse`. Give the figure, or 0 where there was none.""",
        "table: {file: production.csv, gaps: refuse}",
    ),
    "table-jump": Entry(
        """Two figures of one series that follow each other in years or editions differ by some thousand
        times. It may be a slip in a release, or a table whose unit changed (reserves in thousand tonnes
        beside production in tonnes). Compare the editions, and leave the wrong one out with `where`.""",
        "table: {file: mcs2025.csv, format: usgs, where: {edition: MCS 2025}}",
    ),
    "table-unit": Entry(
        """The units of a table's rows differ from each other or from the `unit` that the scenario
        states.""",
        "production: {of: mined, table: usgs.csv, unit: t REO, cv: 10%}",
    ),
    "table-sheet": Entry(
        """A workbook has no sheet of that name. The sheet stands behind the # of the file name.""",
        "table: book.xlsx#Production",
    ),
    "table-ambiguous": Entry(
        """A file holds a total and parts of it, or several breakdowns of one trade, and nothing says which
        rows may be added. Select them with `where`.""",
        "table: {file: comtrade.csv, format: comtrade, where: {hs: '850511'}}",
    ),
    "table-missing": Entry(
        """Rows of a table state no figure (empty, NA, withheld). They are left out, and counted here:
        missing is never zero. This is a warning.""",
    ),
    "table-total": Entry(
        """Rows for the world stand beside rows for its parts. They are left out, as the dimension has no
        label for them; observe them on their own, with `sum: [region]`. This is a warning.""",
    ),
    "table-inner-trade": Entry(
        """Trade between members of one group (inside the EU27) is no trade of the group. It is left out
        and counted here. This is a warning.""",
    ),
    "table-nested": Entry(
        """A table holds a heading and its parts (HS 2846 and 284690). The broadest is kept, so that nothing
        counts twice. This is a warning.""",
    ),
    "optional-file": Entry(
        """An optional table is not there: the scenario is computed without it. This is a warning.""",
        "table: {file: comtrade.json, format: comtrade, optional: true}",
    ),
    "nowhere": Entry(
        """A reported number speaks about labels at which the flow does not exist, so it cannot count.""",
        "mine: {kind: source, where: {region: [CHN, USA]}}",
    ),
}
