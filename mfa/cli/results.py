"""`mfa plot`, `mfa report`, `mfa diff`: from saved results, no solve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mfa.cli.app import Once, guarded, leave_on_errors, say_problems, tell

if TYPE_CHECKING:
    from mfa.errors import Problem
    from mfa.run.result import Result


@click.command(cls=Once)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("figure", required=False)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="Folder for the files (default FOLDER/figures)."
)
@guarded
def plot(folder: Path, figure: str | None, output: Path | None) -> None:
    """Draw the figures of the result in FOLDER again, or one FIGURE."""
    from mfa.run.staging import added, said
    from mfa.run.store import open_result

    result = open_result(folder)
    if output is not None:
        failed = _draw(result, figure, output)
    else:
        with added(folder) as staging:
            failed = _draw(result, figure, staging.folder / "figures")
        say_problems(said(folder, staging.kept))
    tell(f"written to {output or folder / 'figures'}")
    leave_on_errors(failed)


def _draw(result: Result, figure: str | None, target: Path) -> tuple[Problem, ...]:
    """What is wrong with the figures of a result (printed), all of which, or one, are drawn into a folder."""
    from mfa.figures import draw, save
    from mfa.report.publish import draw_figures

    if figure is None:
        failed = draw_figures(result, target)
        say_problems(failed)
        return failed
    target.mkdir(parents=True, exist_ok=True)
    save.write(draw(result, figure), target, figure, ("svg", "pdf", "png"))
    return ()


@click.command(cls=Once)
@click.argument("folder", type=click.Path(path_type=Path))
@guarded
def report(folder: Path) -> None:
    """Write report.html of the result in FOLDER again."""
    from mfa.report import write_report
    from mfa.run.staging import added, said
    from mfa.run.store import open_result

    result = open_result(folder)
    with added(folder) as staging:
        name = write_report(result, staging.folder).name
    say_problems(said(folder, staging.kept))
    tell(f"written to {folder / name}")


@click.command(cls=Once)
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option(
    "--top", type=click.IntRange(min=1), default=20, show_default=True, help="How many differences to list."
)
@guarded
def diff(first: Path, second: Path, top: int) -> None:
    """What differs between two results, the largest change in standard deviations first."""
    from mfa.run.compare import compare
    from mfa.run.store import open_result

    one = open_result(first)
    table = compare(one, open_result(second))
    changed = table[table["change"] != 0]
    tell(f"{len(changed)} of {len(table)} cells differ{f'; in {one.mass_unit}:' * bool(len(changed))}")
    if len(changed):
        tell(changed.head(top).to_string(index=False))


COMMANDS = (plot, report, diff)
