"""The tables of `models/rare_earths/data`, made again from the raw open files.

    python prepare.py INPUT OUTPUT

`INPUT` holds the transcribed tables (`usgs_mine_production.csv`, `china_quotas.csv`, ...), `OUTPUT` gets one
tidy long CSV a table. Needs pandas alone. Every row keeps its source, its edition and a note of where in
the source it stands; what is a judgement says so. README.md argues the numbers that stand in `sources/`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from sources.applications import application_shares, eol_recycling, in_use_by_application
from sources.assumed import (
    ROUTES,
    compound_trade,
    in_use_initial,
    magnet_making,
    magnet_material_trade,
    pairs,
)
from sources.china import (
    china_compound_imports,
    china_exports,
    china_magnets,
    china_magnets_total,
    china_mixed_imports,
    china_monazite_imports,
    china_monazite_total,
    china_ore_imports,
)
from sources.magnets import magnets
from sources.mining import production, quota, quota_ionic, reserves, reserves_initial, world_2017
from sources.ores import CLAY_OF, ROCK_OF, composition, separation_split
from sources.united_states import us_exports_2846, us_imports_2846, us_imports_hs10, us_separated, us_totals

TABLES: dict[str, Callable[[Path], pd.DataFrame]] = {
    "production": production,
    "world_2017": world_2017,
    "quota": quota,
    "quota_ionic": quota_ionic,
    "reserves": reserves,
    "reserves_initial": reserves_initial,
    "composition_rock": composition(ROCK_OF),
    "composition_clay": composition(CLAY_OF),
    "separation_split": separation_split,
    "us_exports_2846": us_exports_2846,
    "us_imports_2846": us_imports_2846,
    "us_exports_reo": us_totals(["exports_ores_compounds"], "us_exports_2846", 0.10),
    "us_imports_reo": us_totals(["imports_compounds"], "us_imports_2846", 0.10),
    "us_imports_hs10": us_imports_hs10,
    "us_separated": us_separated,
    "china_ore_imports": china_ore_imports,
    "china_monazite_imports": china_monazite_imports,
    "china_monazite_total": china_monazite_total,
    "china_mixed_imports": china_mixed_imports,
    "china_compound_imports": china_compound_imports,
    "china_exports": china_exports,
    "magnets": magnets,
    "china_magnets": china_magnets,
    "china_magnets_total": china_magnets_total,
    "magnet_making": magnet_making,
    "compound_trade": compound_trade,
    "magnet_material_trade": magnet_material_trade,
    "in_use_initial": in_use_initial,
    "in_use_by_application": in_use_by_application,
    "application_shares": application_shares,
    "eol_recycling": eol_recycling,
    **{name: pairs(name) for name in ROUTES},
}
ORDER = [
    "year",
    "region",
    "exporter",
    "importer",
    "application",
    "element",
    "value",
    "cv",
    "sd",
    "source",
    "edition",
    "derived_from",
    "note",
]


def main(source: Path, target: Path) -> None:
    """Write every table."""
    target.mkdir(parents=True, exist_ok=True)
    for name, make in TABLES.items():
        frame = make(source)
        frame = frame[[c for c in ORDER if c in frame]]
        frame.to_csv(target / f"{name}.csv", index=False, lineterminator="\n")
        print(f"{name}.csv: {len(frame)} rows", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
