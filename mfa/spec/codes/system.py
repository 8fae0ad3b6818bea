"""Codes of problems with the graph: processes, flows, trade, stocks."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "empty-system": Entry(
        """The system has no process, or no flow that exists at any label, so there is nothing to compute.
        A scenario without processes imports a model that has them.""",
        "import: [../models/rare_earths/model.yaml]",
    ),
    "idle-process": Entry(
        """A process that no flow enters or leaves takes no part in anything. This is a warning.""",
        "to_magnet: {from: oxides, to: magnet}",
    ),
    "self-loop": Entry(
        """A flow goes from a process to itself. It cancels out of the balance, so no data could ever
        determine it. Name the step in between as a process of its own.""",
        "swarf: {from: magnet, to: recycle}\nrecovered: {from: recycle, to: magnet}",
    ),
    "boundary": Entry(
        """Something enters a source or leaves a sink. Both are boundaries without a balance: a source
        only gives, a sink only takes.""",
        "processes: {mine: {kind: source}, losses: {kind: sink}}",
    ),
    "market-ends": Entry(
        """A market has no inflow or no outflow. What enters a market must leave it; trade only moves
        it between regions, so all its flows would be zero.""",
        "mined: {from: mine, to: oxides}\nto_magnet: {from: oxides, to: magnet}",
    ),
    "process-ends": Entry(
        """A process that something enters and nothing leaves, or the other way round, and that is no source,
        sink or stock. What enters must leave, so all its flows would be zero. A `sink` takes, a `source`
        gives, a `stock` keeps; `balance: open` says that what leaves (or enters) is not known.""",
        "losses: {kind: sink}",
    ),
    "converts": Entry(
        """A process balances over every dimension of `by` that all its flows have, label by label, unless its
        labels change there: `converts` names such a dimension. Time, region and element are never converted;
        a dimension that some flow of the process lacks is not balanced anyway (a warning).""",
        "smelter: {converts: [product]}",
    ),
    "one-sided-label": Entry(
        """A process balances label by label, and with some label something can enter it but not leave, or
        leave but not enter (`where` of its flows), so that it is 0. Where labels change (ores become metals)
        the process says `converts`. This is a warning.""",
        "smelter: {converts: [product]}",
    ),
    "open-balance": Entry(
        """A process whose balance is left open has no row that says what leaves it, so it cannot have a
        `rest` or a statistical difference. Its gap is in balances.csv and in the report. Sources and sinks
        have no balance that could be left open.""",
        "dealers: {balance: open}",
    ),
    "trade-place": Entry(
        """Trade is placed at a process that is not a market. What is exported has the composition of
        the market it leaves, and only a market mixes what enters it.""",
        "oxides: {kind: market}",
    ),
    "difference-place": Entry(
        """A statistical difference is given to a process that is not a market. It stands for missing
        statistics of supply and use, which meet at markets; elsewhere it would break mass balance.""",
        "oxides: {kind: market, statistical_difference: {cv: 5%}}",
    ),
    "transfer-outflow": Entry(
        """A share is given to a flow that does not leave the process. The shares of a process divide
        what enters it among its own outflows.""",
        "transfers: {magnet: {magnets: 0.7, swarf: rest}}",
    ),
    "stock-place": Entry(
        """A stock is at a process that holds nothing: only processes of kind stock (or source, for
        reserves) do. All others pass on in a year what enters in it.""",
        "use: {kind: stock}",
    ),
    "stock-kind": Entry(
        """A stock has a key that only another kind of stock has: a lifetime belongs to a cohort stock,
        recovery and additions to a reserve.""",
        "reserves: {at: mine, kind: reserve, initial: 90 Mt, recovery: 0.7}",
    ),
    "stock-flow": Entry(
        """A stock names an inflow that does not enter its process, or an outflow that does not leave
        it.""",
        "in_use: {at: use, inflow: magnets, outflow: retired, lifetime: {fixed: 10}}",
    ),
    "empty-flow": Entry(
        """A flow exists at no label, because its two processes exist at different ones (`where`). This
        is a warning.""",
    ),
}
