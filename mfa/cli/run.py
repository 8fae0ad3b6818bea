"""`mfa run`: solve a scenario and write everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mfa.cli.app import Once, guarded, leave_on_errors, say, say_problems, tell

NAMED = 3
"""How many members of a group, and how many misfits, are printed."""

if TYPE_CHECKING:
    from mfa.run.result import Result


@click.command(cls=Once)
@click.argument("scenario")
@click.option("--variant", "-v", help="Run this variant of the scenario.")
@click.option(
    "--set", "settings", multiple=True, metavar="PATH=VALUE", help="Change one value; may be repeated."
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="Folder to write (default results/<name>)."
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
@click.option("--json", "as_json", is_flag=True, help="Facts of the run, or its problems, as JSON on stdout.")
@guarded
def run(
    *,
    scenario: str,
    variant: str | None,
    settings: tuple[str, ...],
    output: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Solve SCENARIO (a file, or the name of a bundled one) and write tables, figures and a report."""
    from mfa.api import run as run_scenario
    from mfa.report.publish import publish
    from mfa.run.bundled import find_scenario
    from mfa.run.staging import held, reserved
    from mfa.spec.resolve import load_document

    document = load_document(find_scenario(scenario), variant=variant, set=list(settings) or None)
    say_problems(document.warnings)
    name = document.spec.name + (f"-{variant}" if variant else "")
    target = output or Path("results") / name
    with reserved(target):
        if held(target) not in (None, name):
            say(f"  replaces the result of {held(target)} in {target}")
        result = run_scenario(document, progress=None if quiet else _progress())
        folder, failed = publish(result, target)
    for warning in result.warnings:
        say(warning)
    say_problems(failed)
    tell(_facts(result, folder) if as_json else summary(result, folder))
    leave_on_errors(failed)


def _facts(result: Result, folder: Path) -> str:
    facts = {k: v for k, v in result.facts.items() if k != "order"}
    return json.dumps({"folder": str(folder), **facts}, indent=2)


def _progress() -> Callable[[str], None]:
    return lambda text: say(f"  {text}")


def summary(result: Result, folder: Path) -> str:
    """What was found, in a few lines, and where it is."""
    facts = result.facts
    lines = [result.title, *(_agreement(result) if facts["question"] == "reconcile" else ())]
    lines.append(f"  worst balance closes to {facts['worst_closure']:.1e} of its throughput")
    if facts["open_balances"]:
        lines.append(f"  {facts['open_balances']} left open: see the gaps in balances.csv")
    if facts["free_cells"]:
        lines.append(f"  {facts['free_cells']} cells are free: nothing determines them (free.csv)")
    return "\n".join([*lines, f"  written to {folder}{'/' if not str(folder).endswith('/') else ''}"])


def _agreement(result: Result) -> Iterator[str]:
    """How well the observations agree."""
    facts = result.facts
    yield f"  {_chi_square(facts['chi_square'], facts['degrees_of_freedom'], facts['critical_value'])}"
    counted, parameters = facts["observations_counted"], facts["parameters_counted"]
    also = f" and {_plural(parameters, 'uncertain parameter')}" if parameters else ""
    aside, flagged = facts["observations_kept_aside"], facts["flagged"]
    yield f"  {_plural(counted, 'observation')}{also} counted, {aside} kept aside, {flagged} flagged"
    yield from _gross(result)


def _plural(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


def _chi_square(value: float | None, dof: float, critical: float | None) -> str:
    """The test of the whole in words."""
    if value is None:
        return "nothing is left to test: no figure is checked by another"
    return f"chi-square {value:.4g} on {dof:.4g} degree{'s' * (dof != 1)} of freedom (95 %: {critical:.4g})"


def _gross(result: Result) -> Iterator[str]:
    """The misfits found one after another, a line each."""
    table = result.gross_errors
    if not len(table):
        return
    last, n = table.iloc[-1], len(table)
    without = f"without {'them' if n > 1 else 'it'} "
    left = f"chi-square is {last['chi_square']:.4g} on {last['dof']:.4g}"
    without += "nothing is left to test" if last["dof"] == 0 else left
    lines = [_misfit(str(row["members"]), str(row["name"])) for row in table.head(NAMED).to_dict("records")]
    if n == 1:
        yield f"  1 gross error: {lines[0]}; {without}"
        return
    yield f"  {n} gross errors; {without}"
    yield from (f"    {line}" for line in lines)
    if n > NAMED:
        yield f"    and {n - NAMED} more (gross_errors.csv)"


def _misfit(members: str, name: str) -> str:
    """The report that is wrong; of a group that cannot be told apart its members with their errors."""
    every = members.split("; ")
    if len(every) == 1:
        return name
    more = f" or {len(every) - NAMED} more" if len(every) > NAMED else ""
    return f"one of {'; '.join(every[:NAMED])}{more} (they cannot be told apart)"


COMMANDS = (run,)
