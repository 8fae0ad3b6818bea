"""Codes of problems with numbers and units."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "unit": Entry(
        """A unit cannot be read. A unit is a word such as t, kt, Mt, kg, USD or %, with a basis behind
        a mass: `gross` for the product's own mass, a name of `bases` such as REO, or an element.""",
        "unit: kt REO",
    ),
    "unit-kind": Entry(
        """A unit can be read and measures something else than what it stands by: a value in USD for a
        mass flow, tonnes of neodymium for dysprosium, tonnes for a share. Kinds are never converted
        silently.""",
        "production_nd: {of: mined, at: {element: Nd}, value: 40 kt Nd, cv: 10%}",
    ),
    "kinds-mixed": Entry(
        """Two kinds of quantity are put together: a stock and a flow, gross tonnes and oxide tonnes.
        Such sums have been published (gross tonnes added to oxides), and they mean nothing. Bring
        both to one kind first.""",
        "limits: {of: mined, min: 10 t REO, max: 20 t REO}",
    ),
    "no-content": Entry(
        """A gross mass, or a number of items, is stated of a commodity that has no content of that
        kind, so that it cannot be compared with the elements in it. State what share of the product's
        mass the elements or oxides are, or how much of them one item holds (`kg / item`).""",
        "contents: {oxide: {value: 0.75, sd: 0.15, unit: t REO / t gross}}",
    ),
    "no-value": Entry(
        """A part that must state a number states none: give `value`, `data` or `table`.""",
        "production: {of: mined, value: 210 kt, cv: 10%}",
    ),
    "number-range": Entry(
        """A reported number or its standard deviation is so large or so small, in tonnes, that nothing can
        be reckoned with it beside others: a unit or an exponent is wrong. State `sd: 0` for what is
        exact.""",
        "production: {of: mined, value: 210 kt, sd: 10 kt}",
    ),
    "no-uncertainty": Entry(
        """A reported number states no uncertainty, so it cannot be weighed against others. Give one of
        sd, cv, interval and factor; `sd: 0` says that it is exact. In a table every row needs a cell in a
        column sd, cv or factor, or an interval, unless the observation states one for the rows that are
        blank. Shares, contents and compositions are exact where nothing is stated, but not in a table that
        has such a column. A column of another name (SD, stdev, sigma) is not read: `rename` it.""",
        "production: {of: mined, table: usgs.csv, unit: t REO, cv: 10%}",
    ),
    "counted-twice": Entry(
        """Two observations state the same figure of one source and edition for the same cells. As two pieces
        of evidence it would weigh twice. Drop one, or name the other in `derived_from`, and it counts
        once. This is a warning.""",
        "copied: {of: mined, value: 210 kt, cv: 10%, source: usgs, derived_from: production}",
    ),
    "no-drivers": Entry(
        """A simulation asks what follows from given numbers, and none is given. Name the flows or stocks
        that are known in `drivers`.""",
        "drivers: {sales: {of: sold, table: sales.csv, dims: [year], unit: kt}}",
    ),
    "idle-drivers": Entry(
        """Drivers are the exact numbers of a simulation; a reconciliation has observations instead, each
        with its uncertainty.""",
        "solve: {question: simulate}",
    ),
    "data-shape": Entry(
        """Numbers written in the document do not fit their `dims`: nested too deep or not deep enough,
        a list of another length than the dimension, or no `dims` at all.""",
        "data: {2022: {CHN: 210, USA: 42}}\ndims: [year, region]",
    ),
    "share-range": Entry(
        """A share is below 0 or above 1, or a content factor is not above 0. Write 70 % as 0.7 or
        `70%`.""",
        "magnet: {magnets: 70%, swarf: rest}",
    ),
    "share-sum": Entry(
        """Exact shares sum to more than 1 (mass would appear) or to less than 1 with nothing to take the
        rest (mass would vanish). Exact shares are never rescaled: correct them, write `rest` for one of
        them, or state their errors (`sd`, `cv`), and they are reconciled to 1 as far as each allows. A
        composition of which some elements are not listed leaves nothing to them only where the others
        sum to 1; else say which one is `rest`. A simulation takes every stated share as exact.""",
        "magnet: {magnets: 0.7, swarf: rest}",
    ),
    "share-rounding": Entry(
        """Exact shares miss 1 by no more than half a unit of the last digit of each, as printed tables do
        (33.3 % three times). What is missing is spread over them evenly, within their last digits. This
        is a warning.""",
        "mill: {a: 33.33%, b: 33.33%, c: rest}",
    ),
    "zero-relative": Entry(
        """A reported 0 has a relative error (`cv`, `factor`), and 10 % of nothing is nothing: the 0 would
        be exact. State how large it may be with `sd`, give small figures a least error with `floor`, or
        say that it is exact with `sd: 0`. Of shares and contents under one relative error for all, a 0 is
        taken as exact, with a warning.""",
        "imports: {of: imported, table: imports.csv, unit: t, cv: 10%, floor: 1 t}",
    ),
    "no-share": Entry(
        """An outflow has no share although another one is `rest`, which takes all that is left:
        nothing would remain for it. Give it a share.""",
        "recycle: {recovered: 0.9, sold: 0.05, rec_loss: rest}",
    ),
    "no-rest": Entry(
        """All outflows of a process but one have a share. What the last one gets follows from the
        balance; write `rest` for it to say that this is meant. This is a warning.""",
        "magnet: {magnets: 0.7, swarf: rest}",
    ),
    "two-rests": Entry(
        """Two outflows of one process, or two elements of one composition, are `rest`: how they divide
        what is left is not determined. Give one of them a share.""",
        "magnet: {magnets: 0.7, swarf: rest}",
    ),
    "limits": Entry(
        """A constraint's min is above its max, so that nothing can meet it. Both are compared in
        the same unit.""",
        "capacity: {of: mined, min: 10 kt, max: 20 kt}",
    ),
    "loss-kind": Entry(
        """A loss that does not exist. They are l2 (least squares), huber, l1 (least absolute deviations),
        student_t and contaminated (a share of gross errors); a name alone, or with its parameters.""",
        "solve: {robust: {student_t: {nu: 4}}}",
    ),
    "loss-parameters": Entry(
        """A loss has a parameter that it does not take, or one outside its range: k of huber and nu of
        student_t are above 0, eps of contaminated is a share between 0 and 1, inflation above 1.""",
        "solve: {robust: {contaminated: {eps: 0.05, inflation: 10}}}",
    ),
    "lifetime-kind": Entry(
        """A lifetime distribution that does not exist. They are fixed, normal, truncated_normal,
        folded_normal, lognormal, weibull, gamma, exponential, log_logistic, uniform and table.""",
        "lifetime: {lognormal: {mean: 6, sd: 2}}",
    ),
    "lifetime-parameters": Entry(
        """A lifetime distribution has parameters that do not belong to it, lacks some, or has one that
        is not a number above 0. The message lists the sets it accepts.""",
        "lifetime: {weibull: {mean: 15, shape: 3.5}}",
    ),
    "dims": Entry(
        """Numbers vary over other dimensions than they can: a composition, for instance, varies over
        elements and over dimensions of the flows that carry it.""",
        "concentrate: {table: deposits.csv, dims: [region, element]}",
    ),
    "shape": Entry(
        """An array has another shape than its dimensions ask for: one number is expected for every
        combination of their labels.""",
    ),
    "label": Entry(
        """A number is given for a label that no dimension of it has. The number would not count, so it
        is refused.""",
        "data: {CHN: 210}\ndims: [region]",
    ),
}
