"""`mfa run`: solve a scenario and write everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mfa.cli.app import Once, guarded, say, say_problems, tell

NAMED = 3
FLAGS = ("gross error", "suspect", "conflict")

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
    facts, tables = result.facts, (result.observations, result.parameters)
    dof = facts["degrees_of_freedom"]
    yield (
        f"  chi-square {facts['chi_square']:.4g} on {dof:.4g} degree{'s' * (dof != 1)} of freedom"
        f" (95 %: {facts['critical_value']:.4g})"
    )
    flagged = sum(int(t["flag"].isin(FLAGS).sum()) for t in tables if len(t))
    aside = facts["observations_kept_aside"]
    n = facts["observations_counted"]
    yield f"  {n} observation{'s' * (n != 1)} counted, {aside} kept aside, {flagged} flagged"
    yield from _gross(result)


def _gross(result: Result) -> Iterator[str]:
    """The gross errors found one after another."""
    table = result.gross_errors
    if len(table):
        last, n = table.iloc[-1], len(table)
        names = "; ".join(table["name"].head(NAMED)) + (f" and {n - NAMED} more" if n > NAMED else "")
        left = f"chi-square is {last['chi_square']:.4g} on {last['dof']:.4g}"
        yield f"  {n} gross error{'s' * (n > 1)}: {names}; without {'them' if n > 1 else 'it'} {left}"


COMMANDS = (run,)
