"""Columns of a table that nothing reads: an error where one looks like a column that would be read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from mfa.data.labels import Grouping, Label
from mfa.data.spreads import NAMES
from mfa.data.tables import Table, in_table
from mfa.errors import Place, Problem
from mfa.spec.spreads import spread_meant

EXACT_NAMES = ("unit", "source", "edition", "derived_from", "low", "high", *NAMES)
"""Columns that are read wherever they stand."""
_YEAR = re.compile(r"(?:1[5-9]|20|21)[0-9]{2}")


def unread(
    table: Table,
    read: Collection[str],
    told: Collection[Problem],
    *,
    picked: str | None,
    dimensions: Mapping[str, Grouping],
) -> list[Problem]:
    """Problems with the columns that are not `read`, beside those that are told already.

    Errors: a name that differs from one that is read by case alone; a dimension over which the rows vary.
    Others are named in one warning, unless the scenario has `picked` a column of figures from several.
    """
    left = [c for c in table.columns if c not in read]
    near = [p for c in left if (p := _near(table, c, (*EXACT_NAMES, *dimensions))) is not None]
    varying = [c for c in left if c in dimensions and table.frame[c].nunique() > 1]
    problems = [*([] if told else near), *(_varying(table, c) for c in varying)]
    idle = [c for c in left if c not in dimensions]
    if idle and not problems and not told and picked is None:
        text = f"nothing reads the column{'s' * (len(idle) > 1)} {', '.join(idle)}"
        hint = "columns are found by exact name; a remark stands in a column `note`"
        problems.append(Problem("table-column", text, Place(table.file, 1), hint, severity="warning"))
    return problems


def long_hint(table: Table, missing: Collection[str]) -> str:
    """How to make a table long whose years are columns; empty for other tables."""
    years = [c for c in table.columns if _YEAR.fullmatch(c)]
    if not years or not {"year", "value"} & set(missing):
        return ""
    return (
        f"years are columns here ({', '.join(years[:3])}{', ...' * (len(years) > 3)}): a table has one row"
        " for each figure, with the columns year and value"
    )


def odd_spreads(table: Table, read: Collection[str], *, picked: str | None, fallback: bool) -> list[Problem]:
    """Problems with columns that say uncertainty under another name, where none stands under its own.

    `picked` is the column of figures that the scenario has chosen, `fallback` says whether it states an
    uncertainty for all rows.
    """
    if any(n in table.columns for n in NAMES) or {"low", "high"} <= set(table.columns):
        return []
    found = []
    for name in (c for c in table.columns if c not in read):
        meant = spread_meant(name)
        if meant and (picked is None or meant in NAMES):
            text = f'no uncertainty: the column "{name}" is not read'
            if fallback:
                text = f'the column "{name}" is not read: the uncertainty is that beside `table`'
            hint = f"{_renamed(name, meant)} reads it; under the name `note` it is a remark"
            found.append(Problem("no-uncertainty", text, Place(table.file, 1), hint))
    return found


def _near(table: Table, name: str, known: Sequence[str]) -> Problem | None:
    """A column whose name is that of one that is read but for case, blanks and dashes."""
    meant = next((k for k in known if _folded(k) == _folded(name) and k != name), None)
    if meant is None or meant in table.columns:
        return None
    text = f'the column "{name}" is not read: columns are found by exact name, and this one is not "{meant}"'
    return Problem("table-column", text, Place(table.file, 1), f"{_renamed(name, meant)} reads it")


def _renamed(name: str, meant: str) -> str:
    """How a scenario reads a column under another name; a name that YAML would read otherwise in quotes."""
    key = name if re.fullmatch(r"\w[\w.() /-]*", name) else f"'{name}'"
    return in_table(f"rename: {{{key}: {meant}}}")


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.casefold())


def _varying(table: Table, name: str) -> Problem:
    text = f'the rows vary over "{name}", and nothing here does'
    hint = f"select rows with `where: {{{name}: ...}}`, or add them up: {in_table(f'sum_over: [{name}]')}"
    return Problem("table-column", text, Place(table.file, 1), hint)


def misplaced(
    table: Table, dim: str, grouping: Grouping, labels: Collection[Label]
) -> Iterator[tuple[int, Problem]]:
    """Rows whose cell in a column that is not read is none of the labels that `at` names."""
    cells = table.frame[dim].astype(str)
    known = {cell: grouping.resolve(cell) for cell in cells.unique()}
    for row, cell in enumerate(cells):
        if cell.strip() and known[cell] not in labels:
            text = f'{dim} is "{cell.strip()}", and `at` says {", ".join(map(str, labels))}'
            hint = f"select rows with `where: {{{dim}: ...}}`"
            yield row, Problem("table-label", text, table.place(row), hint)
