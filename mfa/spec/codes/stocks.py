"""Codes of problems with stocks and lifetimes in Python."""

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
        """An inflow, a level or an addition is negative. Amounts are 0 or more; what leaves is an
        outflow, and a correction of earlier years belongs in those years.""",
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
        """A stock that exists before the first period is given without its ages, with amounts that are
        negative or missing, with shares that do not sum to 1, or with cohorts that do not end where
        the first period starts. How much of it leaves in a year depends on how old it is.""",
    ),
    "initial-stock-age": Entry(
        """Part of an initial stock is older than its lifetime allows: none of what entered then could
        be left. Move it to a younger cohort, or take a lifetime with a longer tail.""",
    ),
    "shrinking": Entry(
        """There is no such way to treat a stock that falls faster than its cohorts leave. The ways are
        `error`, `retire` (cohorts are scaled down alike), `clip` (the stock stays above what was
        asked for) and `allow` (a negative inflow, as the algebra has it).""",
    ),
    "shrinking-stock": Entry(
        """A stock that drives its inflow falls faster than its cohorts can leave, so that the inflow
        would be negative. Say what is meant: early retirement, a stock that stays higher, or the
        negative number; or look for an error in the levels or a lifetime that is too long.""",
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
        """Something used enters a stock before it was made, or at an age that its lifetime does not
        allow. Used things count by the cohort in which they were made.""",
    ),
    "no-cohorts": Entry(
        """Cohorts or ages were asked of a stock that has no lifetime: a flow-driven level or a reserve
        knows only how much there is.""",
    ),
}
