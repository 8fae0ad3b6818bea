"""Codes of problems with the keys and the forms of a document."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "unknown-key": Entry(
        """A key that the grammar does not have at this place, most often a misspelling. It is refused
        because an ignored key would be a number or a rule that silently does not count. `mfa
        schema` lists all keys.""",
        "mine: {kind: source, label: Mining}   # not lable",
    ),
    "missing-key": Entry(
        """A part lacks a key that it cannot do without: a flow its `from` and `to`, a figure its
        `kind`, a source its `title`.""",
        "mined: {from: mine, to: oxides}",
    ),
    "type": Entry(
        """A value is of the wrong type: a number where text is expected, a list where a mapping is
        expected. `yes`, `no`, `on` and `off` are text; only `true` and `false` are booleans. A
        number in quotes is text.""",
        "sd: 0.3   # not '0.3'",
    ),
    "choice": Entry(
        """A word stands where only certain words may. The message lists them.""",
        "oxides: {kind: market}",
    ),
    "version": Entry(
        """The document is written for another version of the grammar than this program reads.""",
        "mfa: 1",
    ),
    "range": Entry(
        """A number is outside what it may be, a range runs backwards or its steps do not reach its end, or
        labels of time do not ascend. Labels of time are whole years or months such as 2020-01; periods
        may be of any length, their limits lie half way between labels.""",
        "year: {range: [1990, 2050], step: 5}",
    ),
    "two-times": Entry(
        """A document has two dimensions of time. Every flow and stock runs over one of year, month and time;
        months of several years are labels such as 2020-01 of one dimension.""",
        "month: [2019-11, 2019-12, 2020-01]",
    ),
    "identifier": Entry(
        """A name holds blanks, dots, dashes or starts with a digit. Names appear in formulas, paths
        and file names, so they are letters, digits and underscores; how something is called in
        figures stands in `label`.""",
        "ev_motors: {label: EV motors (traction)}",
    ),
    "dimension-form": Entry(
        """A dimension is given in more than one way, or in none: it is a list of labels, a range of
        whole numbers, or a file with one label a row.""",
        "region: {file: regions.csv, labels: iso3, titles: name}",
    ),
    "value-form": Entry(
        """A value is stated twice or cannot be read: give one of `value`, `table` and `data`. A short
        form is a number, a percentage, or a number with a unit, a range ("10-20 kt") or a round number
        ("~100 kt"); an observation may also state a bound alone (">90 kt"), and
        states no years that nobody reported (`interpolate`).""",
        "floor: 1 t",
    ),
    "uncertainty": Entry(
        """The uncertainty of a number is stated twice, or makes no sense: a negative standard
        deviation, an interval upside down or without its value in it, a lognormal factor of 1 or less. State
        one of sd, cv, interval and factor. A percentage is a share (40% is 0.4), and so are the sd and the
        interval beside it; with the unit % all are in per cent. An sd that is larger than the percentage
        beside it is refused, as it may be in points. A cv that looks like a percentage (15 for 15%) is a
        warning.""",
        'recovered: {value: 40, sd: 5, unit: "%"}',
    ),
    "constraint-form": Entry(
        """A constraint says nothing, or says `equal` and a limit at once.""",
        "quota: {of: mined, max: 210 kt}",
    ),
    "lifetime-form": Entry(
        """A lifetime names none or several distributions. It is a mapping with one key, the
        distribution; when two files are merged, their keys add up.""",
        "lifetime: {weibull: {mean: 15, shape: 3.5}}",
    ),
    "formula": Entry(
        """An indicator's formula cannot be read. It knows numbers, names of flows, trades and stocks,
        + - * / and parentheses, sum(x), sum(x, dim), cumsum(x), share(x, dim), and selections such
        as x[region=CHN, element=Nd|Pr].""",
        "recycled_content: recovered / (mined + recovered)",
    ),
    "figure-kind": Entry(
        """A figure is of a kind that cannot be drawn. The kinds are sankey, area, ages, adjustments and
        mirror.""",
        "sankey_nd: {kind: sankey, at: {year: 2022, element: Nd}}",
    ),
    "figure-of": Entry(
        """A figure of ages shows none or several things, or something without cohorts: it shows one stock
        with a lifetime, at one year. A figure of areas says nothing of what it stacks, stacks stocks on
        flows, or has no time to run over. A sankey names no flow, a figure of adjustments something that
        nobody reported, a mirror no trade that both sides report.""",
        "fleet_by_age: {kind: ages, of: in_use, at: {year: 2022}, by: application}",
    ),
}
