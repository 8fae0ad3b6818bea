"""What a run found, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from mfa.figures.residuals import plain_label
from mfa.figures.text import number
from mfa.run.mirror import mirror_gaps
from mfa.run.result import Result
from mfa.run.tables import closed_and_open
from mfa.spec.reader import read_text

SIGNIFICANT = 0.05
QUESTIONS = {"reconcile": "What happened, given what was reported?"}
ASIDE = {
    "superseded": "superseded by a later edition",
    "derived": "derived from another figure that is present",
    "repeated": "repeated",
    "absent": "zero where nothing can flow",
    "limit": "used as a limit",
    "exact": "taken as exact",
}
"""Standing of an observation -> what that means."""


def count(n: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> count(1, "report"), count(2, "report"), count(0, "process", "processes")
    ('1 report', '2 reports', '0 processes')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def description(result: Result) -> str:
    """The scenario's own description, empty where it has none."""
    return str(read_text(result.scenario, "scenario")[0].data.get("description") or "")


def verdict(result: Result) -> tuple[str, ...]:
    """The sentences that sum a run up, in order; those that do not apply are left out."""
    return tuple(text for sentence in SENTENCES for text in sentence(result))


def _question(result: Result) -> Iterator[str]:
    question = str(result.facts.get("question") or "")
    if question:
        yield f"The question was “{question}”: {QUESTIONS.get(question, '')}".rstrip(": ")


def _evidence(result: Result) -> Iterator[str]:
    table = result.observations
    if "standing" not in table.columns:
        return
    difference = {n for n, q in result.quantities.items() if q.kind == "difference"}
    standing = table.loc[~table["name"].isin(difference), "standing"].value_counts()
    counted = int(standing.get("counted", 0))
    stated = int(result.facts.get("parameters_counted") or 0)
    also = f" and {count(stated, 'uncertain parameter')}" if stated else ""
    aside = [f"{standing[k]:,} {words}" for k, words in ASIDE.items() if k in standing.index]
    kept = f"; besides them {', '.join(aside)}" if aside else ""
    yield f"{count(counted, 'reported figure')}{also} count as evidence{kept}."


def degrees(dof: float) -> str:
    """Degrees of freedom in words."""
    return f"{number(dof)} degree{'s' * (dof != 1)} of freedom"


def _agreement(result: Result) -> Iterator[str]:
    facts = result.facts
    if "chi_square" not in facts:
        return
    dof = float(facts["degrees_of_freedom"])
    if facts["chi_square"] is None or dof <= 0:
        yield "No figure is checked by another: there is nothing to test."
        return
    p, chi_square = float(facts["p_value"]), number(facts["chi_square"], 4)
    test = f"chi-square {chi_square} with {degrees(dof)}, p = {number(p, 2)}"
    if p < SIGNIFICANT:
        yield f"The figures contradict each other by more than their stated uncertainties allow ({test})."
    else:
        yield f"The figures agree within their stated uncertainties ({test})."


def _optimum(result: Result) -> Iterator[str]:
    if result.facts.get("optimum") == "local":
        starts = count(int(result.facts.get("starts") or 1), "start")
        yield (
            "Products of unknowns, or the loss, may leave several optima: this is a local optimum, the best "
            f"of {starts}, and not proved to be the best of all."
        )


def _flags(result: Result) -> Iterator[str]:
    if "flagged" in result.facts:
        n, flagged = (int(result.facts[k]) for k in ("gross_errors", "flagged"))
        errors = count(n, "figure is a gross error", "figures are gross errors")
        among = f"; {count(flagged, 'figure is', 'figures are')} flagged" if flagged else ""
        yield f"{errors}{among}."


def _mirrors(result: Result) -> Iterator[str]:
    gaps = mirror_gaps(result.observations, result.mass_unit)
    if len(gaps):
        n = int((gaps["verdict"] == "conflict").sum())
        both = count(len(gaps), "trade is", "trades are")
        conflict = count(n, "pair of reports is", "pairs of reports are")
        yield f"{both} reported by both partners; {conflict} in conflict."


def _closure(result: Result) -> Iterator[str]:
    closed, left_open = closed_and_open(result.balances)
    if len(closed):
        closure = number(float(closed.iloc[0]["relative"]), 2)
        every = "mass balance" if left_open.empty else "mass balance that is not left open"
        where = _where(result, closed.iloc[0])
        yield f"Every {every} closes to {closure} of its own throughput or better (worst: {where})."
    if len(left_open):
        first = left_open.iloc[int(left_open["difference"].abs().argmax())]
        gap = f"{number(float(first['difference']), 3)} {first['unit']} ({_where(result, first)})"
        yield f"{count(len(left_open), 'balance is', 'balances are')} left open: the largest gap is {gap}."


def _where(result: Result, balance: pd.Series) -> str:
    """Process and labels of a balance."""
    words = [plain_label(balance[c]) for c in ("process", *result.dimensions) if c in balance.index]
    return ", ".join(w for w in words if w)


def _free(result: Result) -> Iterator[str]:
    cells = int(result.facts.get("free_cells") or 0)
    if cells:
        yield f"{count(cells, 'number is', 'numbers are')} free: nothing reported determines them."


SENTENCES: tuple[Callable[[Result], Iterator[str]], ...] = (
    _question,
    _evidence,
    _agreement,
    _optimum,
    _flags,
    _mirrors,
    _closure,
    _free,
)
"""The sentences of the verdict, in order."""
