"""Codes of problems with stocks, their lifetimes and their ages."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "negative-value": Entry(
        """A driver states a negative flow, trade or stock. Masses are 0 or more: what runs the other way is
        a flow of its own. Only an inflow that follows from a level may be negative: `shrinking: allow`.""",
        "sales: {of: sold, value: 30 kt}",
    ),
    "initial-stock": Entry(
        """The stock before the first period cannot be read: a cohort without a number beside others that
        have one (missing is not zero), a negative one, a cohort that is not before the first period, or
        shares by age that do not sum to 1.""",
        "fleet: {at: use, initial: {data: {1998: 7, 1999: 9}, dims: cohort}, lifetime: {fixed: 10}}",
    ),
    "used-inflow": Entry(
        """Used things that enter a stock have ages that cannot be: older than their lifetime allows, or not
        in whole periods of equal length. Give the share of each age when they enter, youngest first.""",
        "fleet: {at: use, lifetime: {fixed: 15}, used: {second_hand: [0, 0, 0.2, 0.5, 0.3]}}",
    ),
    "initial-stock-age": Entry(
        """Something of the stock before the first period is older than its lifetime allows: nothing of its
        cohort could be left. Move it to a younger cohort or class, or give a longer lifetime.""",
        "fleet: {at: use, initial: 50, age_structure: [0.6, 0.4], lifetime: {fixed: 10}}",
    ),
    "shrinking-stock": Entry(
        """A stock that is driven falls faster than its cohorts can leave, so that its inflow would be
        negative. Either the level, the initial stock or the lifetime is wrong, or things are retired early:
        `shrinking: retire` scales all cohorts down alike, `allow` takes the negative inflow.""",
        "fleet: {at: use, lifetime: {fixed: 10}, shrinking: retire}",
    ),
    "stock-not-driven": Entry(
        """A stock may retire early, and its level is stated in some periods only. How much is retired
        follows from the level alone, so a driver of a series gives it for every period.""",
        "drivers: {fleet: {of: in_use, dims: [year, region], table: fleet.csv, unit: kt}}",
    ),
    "no-cohorts": Entry(
        """Cohorts or ages are asked of a flow, or of a stock that has none. Only a stock with a lifetime is
        kept by the period in which things entered it.""",
        "in_use: {at: use, lifetime: {weibull: {mean: 15, shape: 3.5}}}",
    ),
}
