"""Codes of problems with stocks, their lifetimes and their ages."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "age": Entry(
        """Survival was asked for at an age that is negative or not a number. Ages are in the time unit
        of the lifetime, from 0 up.""",
    ),
    "periods": Entry(
        """Years do not ascend, repeat, are not numbers or dates, or are not as many as the data. A
        flow per year is spread over its period, so the limits of periods must be known: they lie
        half way between the labels, or are given as `edges`, one more than there are periods.""",
    ),
    "not-numbers": Entry(
        """An inflow or a stock is an array of text or of complex numbers. Read the table with its
        number columns as numbers; what is missing there should be NaN and is then reported as such.""",
    ),
    "missing-value": Entry(
        """An inflow or a stock has a cell that is NaN or infinite. Missing is not zero: fill it by
        interpolation or from another source before the stock is computed.""",
    ),
    "negative-value": Entry(
        """An inflow, a level, an addition, a driver or an observation is negative. Masses are 0 or more: what
        runs the other way is a flow of its own, and a correction of earlier years belongs in those years.
        Of an observation this is a warning: it is evidence that the mass is small. Negative may be an inflow
        that follows from a level (`shrinking: allow`), a difference (`of: {a: 1, b: -1}`), and the change of
        a stock in a system without time.""",
        "sales: {of: sold, value: 30 kt}",
    ),
    "timing": Entry(
        """There is no such moment of entry. Inflow enters evenly over its period (`uniform`, exact), at
        its `start`, `middle` or `end`, or at `gauss(2)` to `gauss(10)` Gauss-Lobatto points.""",
        "timing: uniform",
    ),
    "lifetime-dimensions": Entry(
        """A lifetime differs over a dimension, a label or a shape that the stock does not have, or has
        no value for one of its labels. Parameters are matched by name and label where both are
        DataArrays, and by numpy's rules for the dimensions after time where they are arrays.""",
    ),
    "lifetime-table": Entry(
        """An empirical survival table does not start at age 0 with ascending ages, rises, leaves 0 to
        1, or ends with something still in use. Add an age by which everything has left.""",
        "lifetime: {table: {age: [0, 5, 10], survival: [1, 0.8, 0]}}",
    ),
    "initial-stock": Entry(
        """The stock before the first period cannot be read: a cohort without a number beside others that
        have one (missing is not zero), a negative one, a cohort that is not before the first period, or
        shares by age that do not sum to 1.""",
        "fleet: {at: use, initial: {data: {1998: 7, 1999: 9}, dims: cohort}, lifetime: {fixed: 10}}",
    ),
    "initial-unstated": Entry(
        """The stock before the first period is stated for some labels and not for others, where something can
        be: it is taken as 0 there, which is a warning.""",
        "fleet: {at: use, initial: {data: {cars: 7, vans: 0}, dims: product}}",
    ),
    "initial-stock-age": Entry(
        """Something of the stock before the first period is older than its lifetime allows: nothing of its
        cohort could be left. Move it to a younger cohort or class, or give a longer lifetime.""",
        "fleet: {at: use, initial: 50, age_structure: [0.6, 0.4], lifetime: {fixed: 10}}",
    ),
    "shrinking": Entry(
        """There is no such way to treat a stock that falls faster than its cohorts leave. The ways are
        `error`, `retire` (cohorts are scaled down alike), `clip` (the stock stays above what was
        asked for) and `allow` (a negative inflow, as the algebra has it).""",
    ),
    "shrinking-stock": Entry(
        """A stock that is driven falls faster than its cohorts can leave, so that its inflow would be
        negative. Either the level, the initial stock or the lifetime is wrong, or things are retired early:
        `shrinking: retire` scales all cohorts down alike, `allow` takes the negative inflow.""",
        "fleet: {at: use, lifetime: {fixed: 10}, shrinking: retire}",
    ),
    "stock-not-held": Entry(
        """Nothing of what enters in a period is left at the period's end, so no inflow is large enough
        to hold the stock. Use shorter periods, or let inflow enter later in the period.""",
    ),
    "negative-stock": Entry(
        """More leaves a stock than has entered it. The first period and series are named: give the
        level at the start, or look for an error in the flows.""",
    ),
    "flow-driven": Entry(
        """A stock driven by its flows was given no inflow or no outflow at all. A flow that is zero is
        an array of zeros.""",
    ),
    "recovery": Entry(
        """The share of what is extracted that becomes output is 0 or less, or more than 1. With it, what
        a reserve loses is the output divided by the recovery.""",
    ),
    "share": Entry(
        """The share of an outflow that is kept for a second life is not between 0 and 1.""",
    ),
    "used-inflow": Entry(
        """Used things that enter a stock have ages that cannot be: older than their lifetime allows, or not
        in whole periods of equal length. Give the share of each age when they enter, youngest first.""",
        "fleet: {at: use, lifetime: {fixed: 15}, used: {second_hand: [0, 0, 0.2, 0.5, 0.3]}}",
    ),
    "no-cohorts": Entry(
        """Cohorts or ages are asked of a flow, or of a stock that has none. Only a stock with a lifetime is
        kept by the period in which things entered it.""",
        "in_use: {at: use, lifetime: {weibull: {mean: 15, shape: 3.5}}}",
    ),
    "stock-not-driven": Entry(
        """A stock may retire early, and its level is stated in some periods only. How much is retired
        follows from the level alone, so a driver of a series gives it for every period.""",
        "drivers: {fleet: {of: in_use, dims: [year, region], table: fleet.csv, unit: kt}}",
    ),
}
