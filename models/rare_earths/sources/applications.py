"""Magnets by application: shares of what is put to use, the stock at the start, and what is recycled."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sources.assumed import in_use_initial
from sources.raw import YEARS, judged

SHARES = {
    "ev": (
        (0.08, 0.04),
        (0.12, 0.05),
        "EV and e-bikes 10.9 %; 2024: IEA clean energy less wind 11 %, and e-bikes",
    ),
    "wind": ((0.072, 0.03), (0.144, 0.05), "energy 7.2 %; 2024: IEA 8.0 kt Nd of 55.6 kt in 75.1 kt refined"),
    "electronics": ((0.30, 0.10), (0.22, 0.09), "HDD and DVD 13.6 % and half of the 34 % that is not named"),
    "other": ((0.548, 0.12), (0.516, 0.12), "motors and generators 34.4 %, and what is left"),
}
"""Application -> share of 2017 and of 2024 with their standard deviations, and where they are from."""
HELD = {"ev": 0.04, "wind": 0.09, "electronics": 0.23, "other": 0.64}
"""Application -> its part of the stock at the end of 2016."""
RECYCLED = {
    "ev": (0.005, 0.003, "all magnets: below 1 %"),
    "wind": (0.01, 0.005, "Nd of wind turbines 1 % (Jiang et al. 2024)"),
    "electronics": (0.005, 0.003, "all magnets: below 1 %"),
    "other": (0.005, 0.003, "all magnets: below 1 %"),
}


def application_shares(folder: Path) -> pd.DataFrame:
    """The share of each application in the magnets put to use, linear from 2017 to 2024."""
    first, last = min(YEARS), max(YEARS)
    rows = []
    for application, ((early, sd0), (late, sd1), why) in SHARES.items():
        for year in YEARS:
            part = (year - first) / (last - first)
            share, sd = early + (late - early) * part, sd0 + (sd1 - sd0) * part
            rows.append(
                judged(why, year=year, application=application, value=round(share, 12), sd=round(sd, 4))
            )
    return pd.DataFrame(rows)


def in_use_by_application(folder: Path) -> pd.DataFrame:
    """Rare earths in magnets in use at the end of 2016, t of element, by region, application and element."""
    whole = in_use_initial(folder)
    why = "in_use_initial by the parts of applications; README"
    return pd.DataFrame(
        [
            judged(why, region=r.region, application=a, element=r.element, value=round(r.value * part, 2))
            for r in whole.itertuples()
            for a, part in HELD.items()
        ]
    )


def eol_recycling(folder: Path) -> pd.DataFrame:
    """The share of retired magnets that is recycled, by application."""
    return pd.DataFrame(
        [judged(why, application=a, value=share, sd=sd) for a, (share, sd, why) in RECYCLED.items()]
    )
