"""Codes of problems with stocks, their lifetimes and their ages."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "no-cohorts": Entry(
        """Cohorts or ages are asked of a flow, or of a stock that has none. Only a stock with a lifetime is
        kept by the period in which things entered it.""",
        "in_use: {at: use, lifetime: {weibull: {mean: 15, shape: 3.5}}}",
    ),
}
