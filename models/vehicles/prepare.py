"""The tables of `models/vehicles/data` and `lifetimes.yaml`, made again from flodym's workbooks.

    python prepare.py INPUT OUTPUT

`INPUT` holds the workbooks `example5_*.xlsx`, `OUTPUT` is this folder. README.md says what each table is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa import Lifetime
from mfa.data.countries import countries, iso3_of

OTHER_NAMES = {"Switzerland and Liechtenstein": "CHE"}
"""Regions of the workbooks that are no country's name."""
FIRST, EARLIER, REPORTED = 1990, range(1990, 2005), range(2005, 2018)
STOCK_YEAR = 2015
MATERIALS = {"Cromium": "Chromium", "Molybdene": "Molybdenum", "Paladium": "Palladium"}
"""Spellings of the workbooks put right."""
SHREDDER_LIGHT = "Shredder Light Fraction (SLF)/Automobile Shredder Residue (ASR)"
SCRAP = {
    "Steel shred": "steel",
    "Copper wire scrap": "copper",
    "Al old cast": "aluminium",
    "Electronic waste": "electronics",
    "Lead acid batteries": "batteries",
    "Glass": "glass",
    SHREDDER_LIGHT: "shredder_light",
}
Floats = npt.NDArray[np.float64]


def sheet(source: Path, name: str, label: str) -> pd.DataFrame:
    """The rows of a workbook's data sheet that have a label, with column names in lower case."""
    frame = pd.read_excel(source / f"example5_{name}.xlsx", sheet_name="Data")
    frame.columns = [str(c).lower() for c in frame.columns]
    return frame.dropna(subset=[label]).reset_index(drop=True)


def iso3(name: str) -> str:
    """The ISO3 code of a region; raises KeyError for a name that is none."""
    return OTHER_NAMES.get(name) or iso3_of(name) or OTHER_NAMES[name]


def lifetimes(source: Path, *, calibrated: bool) -> pd.DataFrame:
    """The lifetime of every region: distribution and parameters as its row of uncertainty states them.

    `calibrated` takes the mean of the column `value` where that row has kept another: four regions of normal
    lifetimes were shortened to 12 years in one column alone; their sd stays 0.3 of the mean.
    """
    frame = sheet(source, "vehicle_lifetime", "region")
    code = frame["stats_array string"].str.split(";", expand=True)
    weibull = (code[0] == "8").to_numpy()
    mean = frame["value"].to_numpy(float) if calibrated else np.where(weibull, 0, code[1]).astype(float)
    first = np.where(weibull, 1 / code[2].where(weibull, "1").astype(float), mean)
    second = np.where(weibull, code[3].where(weibull, "1").astype(float), (0.3 * mean).round(6))
    return pd.DataFrame(
        {
            "region": frame["region"].map(iso3),
            "value": frame["value"],
            "kind": np.where(weibull, "weibull", "normal"),
            "first": first,
            "second": second,
            "source": "lifetimes",
            "note": frame["comment"],
        }
    )


def regions(source: Path) -> list[str]:
    """The regions with a lifetime and a stock, by their names in the workbooks."""
    held = set(sheet(source, "vehicle_stock", "region")["region"])
    return sorted(held & set(sheet(source, "vehicle_lifetime", "region")["region"]))


def region_names(source: Path) -> pd.DataFrame:
    """The regions by code, with the name that figures show."""
    rows = [
        (iso3(name), name if name in OTHER_NAMES else countries()[iso3(name)].name)
        for name in regions(source)
    ]
    return pd.DataFrame(sorted(rows), columns=["region", "title"])


def registrations(source: Path) -> pd.DataFrame:
    """New registrations, items a year, as reported."""
    frame = sheet(source, "vehicle_new_registration", "region")
    frame = frame[frame["region"].isin(regions(source))]
    years = [str(y) for y in REPORTED]
    long = frame.melt("region", years, var_name="year").astype({"year": int})
    return labelled(long.assign(source="oica", edition="2018-12-27"))[
        ["year", "region", "value", "source", "edition"]
    ]


def stock(source: Path) -> pd.DataFrame:
    """Registered vehicles at the end of 2015, thousand."""
    frame = sheet(source, "vehicle_stock", "region")
    frame = frame[frame["region"].isin(regions(source))].assign(
        year=STOCK_YEAR, source="oica", edition="2018-06-28"
    )
    return labelled(frame)[["year", "region", "value", "source", "edition"]]


def labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows with ISO3 codes for names, by region and year."""
    return frame.assign(region=frame["region"].map(iso3)).sort_values(["region", "year"], ignore_index=True)


def survival(row: pd.Series) -> Floats:
    """The share of vehicles left at the end of the year that is 0, 1, 2, ... years after their own."""
    made = Lifetime.weibull(scale=row["first"], shape=row["second"])
    if row["kind"] == "normal":
        made = Lifetime.normal(mean=row["first"], sd=row["second"])
    return np.asarray(made.survival(np.arange(STOCK_YEAR - FIRST + 1.0)), dtype=np.float64)


def earlier(source: Path, rule: Callable[[Floats], Floats], *, calibrated: bool) -> pd.DataFrame:
    """Registrations of 1990 to 2004 that close the gap to the stock of 2015, by a rule for their years.

    The gap is the reported stock minus what is left of the reported registrations; nothing is registered
    where that is more than the stock. `rule` makes of the shares left in 2015 of cohorts 1990 to 2004 what is
    registered of each so that one vehicle is left of them all.
    """
    left = lifetimes(source, calibrated=calibrated).set_index("region")
    reported = registrations(source).pivot_table("value", "region", "year")
    held = stock(source).set_index("region")["value"] * 1000
    years = [y for y in REPORTED if y <= STOCK_YEAR]
    rows = []
    for region, known in reported.iterrows():
        share = survival(left.loc[region])
        gap = held[region] - known[years].to_numpy() @ share[[STOCK_YEAR - y for y in years]]
        cohorts = rule(share[STOCK_YEAR - np.array(EARLIER)])
        rows += [(y, region, round(max(gap, 0.0) * c, 3)) for y, c in zip(EARLIER, cohorts, strict=True)]
    frame = pd.DataFrame(rows, columns=["year", "region", "value"])
    return frame.assign(source="calibrated", edition="v1")


def constant(left: Floats) -> Floats:
    """As many registered in every year."""
    return np.full(len(left), 1.0 / left.sum())


def equal_survivors(left: Floats) -> Floats:
    """As many left in 2015 of every year (what ODYM's tutorial computes: gap / 15 / sf)."""
    return 1.0 / left / len(left)


def material_content(source: Path) -> pd.DataFrame:
    """Materials in a vehicle, kg an item."""
    frame = sheet(source, "vehicle_material_content", "material")
    code = frame["stats_array string"].str.split(";", expand=True)
    note = (
        "range " + code[1] + " to " + code[2] + " kg; " + frame["comment"].str.split(", uncertainty").str[0]
    )
    return pd.DataFrame(
        {
            "element": frame["material"].replace(MATERIALS),
            "value": frame["value"],
            "source": "materials",
            "note": note,
        }
    )


def recovery(source: Path) -> pd.DataFrame:
    """The share of each material that goes into each kind of scrap, zeros included."""
    frame = sheet(source, "eol_recovery_rate", "material")
    given = {
        (MATERIALS.get(m, m), SCRAP[w]): (v, n)
        for m, w, v, n in zip(
            frame["material"], frame["waste"], frame["value"], frame["comment"], strict=True
        )
    }
    materials = material_content(source)["element"]
    rows = [(m, s, *given.get((m, s), (0.0, ""))) for m in materials for s in SCRAP.values()]
    return pd.DataFrame(rows, columns=["element", "scrap", "value", "note"]).assign(source="recovery")


def lifetime_table(source: Path) -> pd.DataFrame:
    """The lifetimes of the model's regions, in the order of their codes."""
    frame = lifetimes(source, calibrated=True)
    kept = frame["region"].isin([iso3(name) for name in regions(source)])
    return frame[kept].sort_values("region", ignore_index=True)


def lifetimes_yaml(source: Path) -> str:
    """The part of the model that gives every region its lifetime."""
    lines = []
    for row in lifetime_table(source).itertuples():
        names = ("scale", "shape") if row.kind == "weibull" else ("mean", "sd")
        parameters = f"{names[0]}: {row.first:.10g}, {names[1]}: {row.second:.10g}"
        lines.append(f"      {row.region}: {{{row.kind}: {{{parameters}}}}}\n")
    head = "# Made by prepare.py from example5_vehicle_lifetime.xlsx.\n"
    return f"{head}mfa: 1\nstocks:\n  in_use:\n    lifetime:\n{''.join(lines)}"


def main(source: Path, target: Path) -> None:
    """Write every table and the lifetimes."""
    tables = {
        "regions": region_names(source),
        "registrations": registrations(source),
        "registrations_before_2005": earlier(source, constant, calibrated=True),
        "registrations_before_2005_odym": earlier(source, equal_survivors, calibrated=False),
        "stock_2015": stock(source),
        "lifetimes": lifetime_table(source),
        "material_content": material_content(source),
        "recovery": recovery(source),
    }
    for name, frame in tables.items():
        frame.to_csv(target / "data" / f"{name}.csv", index=False, lineterminator="\n")
        print(f"{name}.csv: {len(frame)} rows", file=sys.stderr)
    (target / "lifetimes.yaml").write_text(lifetimes_yaml(source), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
