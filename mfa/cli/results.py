"""`mfa plot`, `mfa report`, `mfa diff`: from saved results, no solve."""

from __future__ import annotations

from pathlib import Path

import click

from mfa.cli.app import guarded, leave_on_errors, say_problems


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("figure", required=False)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="Folder for the files (default FOLDER/figures)."
)
@guarded
def plot(folder: Path, figure: str | None, output: Path | None) -> None:
    """Draw the figures of the result in FOLDER again, or one FIGURE."""
    from mfa.figures import draw, save
    from mfa.report.publish import draw_figures
    from mfa.run.store import open_result

    result = open_result(folder)
    target = output or folder / "figures"
    if figure is not None:
        target.mkdir(parents=True, exist_ok=True)
        save.write(draw(result, figure), target, figure, ("svg", "pdf", "png"))
        click.echo(f"written to {target}")
        return
    failed = draw_figures(result, target)
    say_problems(failed)
    click.echo(f"written to {target}")
    leave_on_errors(failed)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@guarded
def report(folder: Path) -> None:
    """Write report.html of the result in FOLDER again."""
    from mfa.report import write_report
    from mfa.run.store import open_result

    click.echo(f"written to {write_report(open_result(folder), folder)}")


@click.command()
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
    click.echo(f"{len(changed)} of {len(table)} cells differ{f'; in {one.mass_unit}:' * bool(len(changed))}")
    if len(changed):
        click.echo(changed.head(top).to_string(index=False))


COMMANDS = (plot, report, diff)
