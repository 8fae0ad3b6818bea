"""Codes of problems with dimensions and labels."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "unknown-dimension": Entry(
        """A dimension is named that the document does not have. `exporter` and `importer` stand for
        the regions of a trade.""",
        "dimensions: {year: {range: [2015, 2024]}, region: [CHN, USA]}",
    ),
    "no-axis": Entry(
        """Something is restricted to, summed over or given by a dimension that it does not have: a
        flow has the time, region and element dimensions and those in its `by`; a trade has exporter
        and importer instead of region; a reserve has no elements.""",
        "trade_2846: {of: oxide_trade, at: {importer: CHN}, sum: [element]}",
    ),
    "axis-name": Entry(
        """A dimension is called almost, and not quite, as one that has a meaning of its own: `year` (or
        `month`, `time`), `region`, `element`. Every flow has these three without being told; under another
        name the dimension would be one that nothing varies over.""",
        "dimensions: {year: {range: [2015, 2024]}}   # not `years`",
    ),
    "unused-dimension": Entry(
        """A dimension is declared and neither a flow nor a number varies over it. Every flow has the time,
        region and element dimensions; a further one is named by the flows that have it. This is a
        warning.""",
        "magnets: {from: magnet, to: use, by: [application]}",
    ),
    "no-time": Entry(
        """Something needs a dimension of time and there is none: a lifetime, an initial stock by cohort,
        years to be filled in, a running sum. Without time a system is one period: a stock is its change, and
        with an `initial` the level at the end.""",
        "dimensions: {year: {range: [2015, 2024]}}",
    ),
    "axis-twice": Entry(
        """A dimension stands twice in a list of dimensions, or in the `by` of a flow that has it
        anyway.""",
        "magnets: {from: magnet, to: use, by: [application]}",
    ),
    "unknown-label": Entry(
        """A label is named that its dimension does not have. Years are whole numbers and stand without
        quotes; `NO` is Norway and `Y` is yttrium.""",
        "quota: {of: mined, at: {region: CHN}, max: 210 kt}",
    ),
    "duplicate-label": Entry(
        """A dimension has a label twice, or a country is a member of two labels: it would count twice.""",
        "members: {EU27: [AUT, BEL], ROW: ['*']}",
    ),
    "empty-label": Entry(
        """A row of a file of labels has no label. Fill it in or delete the row.""",
    ),
    "empty-dimension": Entry(
        """A dimension has no labels, so no flow could exist. Give it a list, a range or a file
        with at least one label.""",
        "element: [Nd, Pr]",
    ),
    "lifetime-missing": Entry(
        """Lifetimes are given by label, and some labels have none: what enters the stock there would
        never leave.""",
        "lifetime: {ev: {fixed: 10}, other: {fixed: 8}}",
    ),
}
