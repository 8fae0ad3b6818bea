"""Codes of problems with stocks, their lifetimes and their ages."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "shrinking-stock": Entry(
        """A stock that is driven falls faster than its cohorts can leave, so that its inflow would be
        negative. Either the level, the initial stock or the lifetime is wrong, or things are retired early:
        `shrinking: retire` scales all cohorts down alike, `allow` takes the negative inflow.""",
        "fleet: {at: use, lifetime: {fixed: 10}, shrinking: retire}",
    ),
    "stock-not-driven": Entry(
        """A stock may retire early, and its level is not stated at every label. How much is retired follows
        from the level alone, so drivers must give it for every year, region, element and other label.""",
        "drivers: {fleet: {of: in_use, dims: [year, region], table: fleet.csv, unit: kt}}",
    ),
    "no-cohorts": Entry(
        """Cohorts or ages are asked of a flow, or of a stock that has none. Only a stock with a lifetime is
        kept by the period in which things entered it.""",
        "in_use: {at: use, lifetime: {weibull: {mean: 15, shape: 3.5}}}",
    ),
}
