"""USGS Mineral Commodity Summaries data releases, 2022 to 2026: world production, capacity and reserves.

Three layouts: one commodity per file with a column per year (2022-2024), all commodities with a column per
year (2025), all commodities in long form (2026). Reserves are dated to the last year the edition covers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from mfa.data.connectors.schema import tidy, unknown_layout
from mfa.data.countries import OTHERS, WORLD, iso3_of
from mfa.data.tables import Table, read_table
from mfa.errors import InputError, Problem, TableError
from mfa.spec.reported import Reported, parse_quantity

OPTIONS = ("commodity", "edition")
SOURCE = "USGS MCS"

_STATISTICS = {"prod": "production", "cap": "capacity", "reserves": "reserves"}
_UNITS = {
    "t": "t",
    "kt": "kt",
    "mt": "Mt",
    "kg": "kg",
    "metric tons": "t",
    "metric dry tons": "t",
    "thousand metric tons": "kt",
    "thousand metric dry tons": "kt",
    "million metric tons": "Mt",
    "million metric dry tons": "Mt",
    "kilograms": "kg",
}
_NAMES = re.split(
    ", ",
    "abrasives, aluminum, antimony, arsenic, asbestos, barite, bauxite, beryllium, bismuth, boron, "
    "bromine, cadmium, cement, cesium, chromium, clays, cobalt, copper, diamond, diatomite, feldspar, "
    "fluorspar, gallium, garnet, gemstones, germanium, gold, graphite, gypsum, hafnium, helium, "
    "indium, iodine, kyanite, lead, lime, lithium, manganese, mercury, mica, molybdenum, nickel, "
    "niobium, nitrogen, peat, perlite, phosphate rock, platinum-group metals, potash, pumice, quartz, "
    "rare earths, rhenium, rubidium, salt, scandium, selenium, silicon, silver, soda ash, strontium, "
    "sulfur, talc, tantalum, tellurium, thallium, thorium, tin, titanium, tungsten, vanadium, "
    "vermiculite, wollastonite, yttrium, zeolites, zinc, zirconium",
)
_COMMODITIES = {re.sub("[^a-z]", "", name)[:5]: name for name in _NAMES} | {
    "feore": "iron ore",
    "festeel": "iron and steel",
    "feste": "iron and steel",
    "mgcom": "magnesium compounds",
    "mgmet": "magnesium metal",
    "timin": "titanium mineral concentrates",
    "simet": "silicon",
}
"""The word in the name of a file of one commodity -> the commodity, by its name in the later releases."""
_ORIGINS = {"import data for china": "china_imports", "production quota": "china_quota"}
"""What a note says -> the name to which `derived_from` points."""

_WIDE = re.compile(r"(prod|cap|reserves)(?:_(?!notes)([a-z]+?))??(_est)?_? ?(\d{4})?", re.IGNORECASE)
_QUALITATIVE = {"large", "moderate", "small", "very small", "moderate to large", "included in world total."}


def read(paths: Sequence[Path], *, commodity: str = "", edition: str = "") -> pd.DataFrame:
    """The tidy rows of MCS world tables; `commodity` keeps one of them.

    `edition` names the release where its own name ("MCS 2026") is too coarse ("MCS 2026 v1.0").
    Blank and NA are missing; a dash is zero in the 2026 release, whose metadata say so, and missing before.
    `>` gives a low bound. "World total" is region WLD, "Other countries" is OTH. Rows whose note says that
    the figure is China's import data or quota get `derived_from` china_imports or china_quota. `detail` says
    what a figure is of ("Mine production, copper"), `note` that and what is remarked, parts set off by
    semicolons. Reserves are in the unit that their notes state, where they state one.
    """
    parts = [_file(path, edition) for path in paths]
    rows = tidy(pd.concat(parts, ignore_index=True)) if parts else tidy(pd.DataFrame())
    if not commodity:
        return rows
    return rows.loc[rows["commodity"] == commodity.strip().casefold()].reset_index(drop=True)


def _file(path: Path, edition: str) -> pd.DataFrame:
    table = read_table(path)
    columns = {c.casefold() for c in table.columns}
    for needed, layout in _LAYOUTS:
        if needed <= columns:
            rows = layout(table)
            return rows.assign(edition=edition) if edition else rows
    raise unknown_layout(
        path, "known: MCS world tables of 2022-2025 (Source, Country, Type) and of 2026 (Section)"
    )


def _wide(table: Table) -> pd.DataFrame:
    """The layouts of 2022-2025: a column for each statistic and year."""
    frame = table.frame.rename(columns=lambda c: str(c).strip().casefold())
    table = replace(table, frame=frame)
    base = _common(table)
    parts = [_column(table, base, c, m) for c in frame.columns if (m := _WIDE.fullmatch(c))]
    rows = pd.concat(parts, ignore_index=True).sort_values(["line", "statistic", "year"], kind="stable")
    # Every row has the capacity columns; only smelters and plants fill them.
    idle = rows[["quantity", "low", "high"]].isna().all(axis=1) & (rows["statistic"] == "capacity")
    return rows.loc[~idle]


def _common(table: Table) -> pd.DataFrame:
    frame = table.frame
    name = re.search(r"mcs\d{4}-([a-z]+)", Path(table.file).name.casefold())
    code = name[1] if name else ""
    named = frame["commodity"].str.strip().str.casefold() if "commodity" in frame.columns else None
    return pd.DataFrame(
        {
            "source": SOURCE,
            "edition": frame["source"].str.strip().str.replace(r"^MCS ?", "MCS ", regex=True),
            "region": _regions(frame["country"]),
            "commodity": _COMMODITIES.get(code, code) if named is None else named,
            "file": table.file,
            "line": table.lines,
        }
    )


def _column(table: Table, base: pd.DataFrame, column: str, match: re.Match[str]) -> pd.DataFrame:
    """One column of figures in long form."""
    frame, stem = table.frame, match[1].casefold()
    notes = _first_column(frame, (f"{stem}_notes", f"{stem.removesuffix('s')}_notes"))
    cells, note = _shifted(frame[column], notes) if stem == "reserves" else (frame[column], notes)
    year = pd.Series(int(match[4]), frame.index) if match[4] else _last_year(base["edition"])
    unit = frame["unit_meas"] if "unit_meas" in frame.columns else pd.Series(match[2] or "", frame.index)
    rows = base.assign(statistic=_STATISTICS[stem], year=year, **_figures(table, cells, dash_is_zero=False))
    detail = frame["type"].str.strip()
    if stem == "reserves":
        unit = _in_notes(base["commodity"], note, unit)
    return rows.assign(
        unit=_units(unit, detail),
        estimated=_estimated(note, str(match[4] or "")) | bool(match[3]),
        derived_from=_origins(note) if stem == "prod" else None,
        detail=detail,
        note=_joined(detail, note),
    )


_UNIT = re.compile(r"(?<!\d )(?<!\d)\b((?:thousand |million )?metric (?:dry )?tons)\b", re.IGNORECASE)


def _in_notes(commodity: pd.Series, notes: pd.Series, unit: pd.Series) -> pd.Series:
    """The unit of reserves: what the note of a row states, else what the notes of its commodity do.

    The releases say it beside some rows of a table and mean all of them ("Reserve data is thousand metric
    tons").
    """
    own = notes.str.extract(_UNIT, expand=False)
    groups = own.groupby(commodity)
    shared = groups.transform("first").where(groups.transform("nunique") == 1)
    return own.fillna(shared).fillna(unit)


def _first_column(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    found = next((n for n in names if n in frame.columns), None)
    return frame[found].str.strip() if found else pd.Series("", frame.index, dtype=str)


def _shifted(cells: pd.Series, notes: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Reserves that stand one column too far right, in the notes (MCS 2025: NA and `>90000000`)."""
    moved = (cells.str.strip() == "") & notes.str.fullmatch(r"NA|[<>]?\d[\d,]*")
    return cells.where(~moved, notes), notes.where(~moved, "printed in the notes column")


def _last_year(edition: pd.Series) -> pd.Series:
    return edition.str.extract(r"(\d{4})", expand=False).astype(int) - 1


def _long(table: Table) -> pd.DataFrame:
    """The layout of 2026: one row for each figure."""
    world = table.frame["Section"].str.startswith("World").to_numpy(dtype=bool)
    known = table.frame["Statistics"].str.casefold().isin(list(_STATISTICS.values())).to_numpy(dtype=bool)
    table = table.kept(world & known)
    frame = table.frame
    context = frame["Statistics_detail"] + " " + frame["Other notes"]
    rows = pd.DataFrame(
        {
            "source": SOURCE,
            "edition": _edition_of(table.file),
            "region": _regions(frame["Country"]),
            "commodity": frame["Commodity"].str.strip().str.casefold(),
            "statistic": frame["Statistics"].str.casefold(),
            "year": frame["Year"].astype(int),
            "unit": _units(frame["Unit"], context),
            "estimated": _estimated(frame["Notes"], ""),
            "derived_from": _origins(frame["Notes"]),
            "detail": frame["Statistics_detail"].str.strip(),
            "note": _joined(frame["Statistics_detail"], frame["Notes"]),
            "file": table.file,
            "line": table.lines,
        }
    )
    return rows.assign(**_figures(table, frame["Value"], dash_is_zero=True))


def _edition_of(file: str) -> str:
    year = re.search(r"mcs(\d{4})", Path(file).name.casefold())
    return f"MCS {year[1]}" if year else "MCS 2026"


def _figures(table: Table, cells: pd.Series, *, dash_is_zero: bool) -> dict[str, pd.Series]:
    codes, uniques = pd.factorize(cells)
    parsed = [_figure(str(u), dash_is_zero) for u in uniques]
    wrong = {k: p for k, p in enumerate(parsed) if isinstance(p, Problem)}
    if wrong:
        first = [(int(np.flatnonzero(codes == k)[0]), p) for k, p in wrong.items()]
        raise TableError(*(replace(p, where=table.place(i)) for i, p in first))
    good = [p for p in parsed if isinstance(p, Reported)]
    columns = {
        "quantity": [p.value for p in good],
        "low": [p.low for p in good],
        "high": [p.high for p in good],
    }
    return {c: pd.Series(np.array(v, dtype=float)[codes], cells.index) for c, v in columns.items()}


def _figure(text: str, dash_is_zero: bool) -> Reported | Problem:
    plain = text.strip()
    if plain == "—" and dash_is_zero:
        return Reported(0.0)
    if plain == "s":  # the release's sign for less than half a unit
        return Reported(high=0.5, kind="at-most")
    if plain.casefold() in _QUALITATIVE:
        return Reported(kind="missing")
    try:
        return parse_quantity(plain)
    except InputError as error:
        return error.problems[0]


def _regions(names: pd.Series) -> pd.Series:
    codes, uniques = pd.factorize(names)
    found = np.array([_region(str(u)) for u in uniques], dtype=object)
    return pd.Series(found[codes], names.index, dtype=object)


def _region(name: str) -> str:
    """ISO3 for a name as the tables print it, with footnote digits and remarks in brackets behind it."""
    plain = re.sub(r"\s*\d+$", "", " ".join(name.split()))
    folded = plain.casefold()
    if folded.startswith("world total"):
        return WORLD
    if folded.startswith("other countries"):
        return OTHERS
    return iso3_of(plain) or iso3_of(re.sub(r"\s*\(.*\)$", "", plain)) or plain


def _units(unit: pd.Series, context: pd.Series) -> pd.Series:
    short = unit.str.strip().str.casefold().map(lambda u: _UNITS.get(u, u))
    oxide = context.str.contains("rare-earth-oxide", case=False) & short.isin(list(_UNITS.values()))
    return short.where(~oxide, short + " REO")


def _estimated(note: pd.Series, year: str) -> pd.Series:
    general = note.str.match(r"estimated(?! in| from consumption)", case=False)
    if not year:
        return general
    return general | note.str.contains(rf"estimated in {year}", case=False)


def _origins(note: pd.Series) -> pd.Series:
    found = pd.Series(None, note.index, dtype=object)
    for words, name in _ORIGINS.items():
        found = found.mask(note.str.contains(words, case=False).to_numpy(dtype=bool), name)
    return found


def _joined(detail: pd.Series, note: pd.Series) -> pd.Series:
    return (detail.str.strip() + "; " + note.str.strip()).str.strip("; ")


_LAYOUTS: tuple[tuple[frozenset[str], Callable[[Table], pd.DataFrame]], ...] = (
    (frozenset({"source", "country", "type"}), _wide),
    (frozenset({"mcs chapter", "section", "statistics", "value", "country", "year"}), _long),
)
