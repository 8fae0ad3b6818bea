"""Codes of problems with the answer."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "infeasible": Entry(
        """The exact rows of the model contradict each other: balances, shares, limits and numbers
        stated with `sd: 0` cannot all hold. The message names the smallest set found in conflict.
        Give one of them an uncertainty, or correct it.""",
        "quota: {of: mined, at: {region: CHN}, max: 210 kt}",
    ),
    "undetermined": Entry(
        """A quantity that a result needs is not determined by the data: any value in an interval fits.
        A reconciliation reports it with its interval and never guesses; a simulation stops and says how
        many unknowns share how many rows. Add an observation, a driver or a share that ties it down.""",
    ),
    "overdetermined": Entry(
        """A simulation is told more than it needs, and what it is told does not agree: a driver on a
        flow that follows from others already, two drivers of one flow, shares that do not sum to 1. The
        message names the row that does not hold and what determined its flows. Drop one of the drivers,
        or a share, and let it follow.""",
        "drivers: {ore: {of: mined, value: 100 kt}}",
    ),
    "simulation-uncertainty": Entry(
        """A simulation does not carry the uncertainty of what it is given on to what follows. A driver that
        states one is refused, and so are draws. A share, a composition, a content or an initial stock keeps
        the one it has for a reconciliation: it is taken as exact, with a warning, and the standard
        deviations of the results are left blank, since nobody knows them. To have them, ask `reconcile` with
        the drivers as observations.""",
        "observations: {sales: {of: sold, value: 30 kt, sd: 2}}   # with `solve: {question: reconcile}`",
    ),
    "closed-loop": Entry(
        """A loop of flows returns all that enters it: its shares multiply to 1 round the loop, so what
        enters piles up without end and no finite flow answers. Let some of it leave. Shares that state an
        error and return all as they are stated do the same where nothing speaks of the loop: report a flow
        of it.""",
        "transfers: {yard: {scrap: 0.9, lost: rest}}",
    ),
    "no-anchor": Entry(
        """Nothing states an absolute amount of some flows: balances, shares and ratios hold at any scale,
        so all of them could be twice as large. Report one of them, or one they are connected with. Where no
        flow of the system has an anchor nothing is solved; else this is a warning, and they are free.""",
        "observations: {weighed: {of: feed, value: 10, sd: 1, unit: t}}",
    ),
    "not-converged": Entry(
        """The solver stopped before all rows were closed to the tolerance, or where products of unknowns
        (flow times composition, total times share) stay open at every start that was tried: that proves no
        conflict, as another point may close them. Look at the rows that are named, raise
        `solve.max_iterations`, and look for numbers that differ by many powers of ten from what they should
        be.""",
        "solve: {max_iterations: 500}",
    ),
    "local-optimum": Entry(
        """Products of unknowns, such as a flow times its composition, may leave several optima, and the
        first start did not do: it led nowhere, or to flows of 0 whose stated compositions nothing tests.
        The best of several starts is kept; that it is the best of all is not proved. A flow that is known
        to be there can be observed, roughly, or be given a `min`.""",
        "constraints: {runs: {of: concentrate, min: 1, unit: t}}",
    ),
    "imbalance": Entry(
        """A process does not close to the tolerance, relative to its own throughput of an element in a
        year and a region. No result is written, because every figure drawn from it would be wrong.""",
    ),
    "kept": Entry(
        """New results took the place of old ones, and the old folder held files that no run wrote, or that
        were changed since. They were moved, not deleted: those of `results/plant` are in
        `results/plant.kept`. Figures that you edit, and notes, are safe in a folder of your own.""",
    ),
    "damaged": Entry(
        """The folder of a result holds something else than a run writes: a file was changed or cut
        off, or comes from another version. Its numbers cannot be trusted, so none is shown. Run the
        scenario again.""",
        "mfa run scenario.yaml",
    ),
    "input": Entry(
        """What is asked for does not fit the scenario or the result: a formula over dimensions that a
        flow lacks, labels that leave several numbers where one is meant, an option out of its range.
        The message says what would fit.""",
    ),
    "output": Entry(
        """The output folder cannot be written: it is a file, it is protected, or the disk is full.
        Results are written aside and renamed, so nothing half-written is left. A folder that no run wrote is
        not replaced, and one that another run is writing to is refused.""",
        "mfa run scenario.yaml -o results/run_2",
    ),
}
