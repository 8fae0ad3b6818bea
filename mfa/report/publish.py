"""Everything a run writes, into a folder that appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

from mfa.errors import InputError, OutputError, Problem
from mfa.figures import save_figures
from mfa.report import write_report
from mfa.report.needs import undetermined
from mfa.run.manifest import write_manifest
from mfa.run.result import Result
from mfa.run.staging import said, staged
from mfa.run.store import manifest_facts, write


def publish(result: Result, folder: str | Path) -> tuple[Path, tuple[Problem, ...]]:
    """The folder with tables, tensors, figures, report and manifest; and what is wrong with what they show.

    These are figures that cannot be drawn, and warnings of what rests on free quantities and of a user's own
    files, which are moved to `NAME.kept/`.

    Raises OutputError where the folder cannot be written; nothing is left half-way.
    """
    target = Path(folder)
    with staged(target) as staging:
        write(result, staging.folder)
        failed = draw_figures(result, staging.folder / "figures")
        write_report(result, staging.folder)
        write_manifest(staging.folder, inputs=result.inputs, facts=manifest_facts(result))
    return target, (*said(target, staging.kept), *failed, *undetermined(result))


def draw_figures(result: Result, folder: Path) -> tuple[Problem, ...]:
    """Every figure of the result drawn into a folder; the problems of those that cannot be.

    Raises OutputError where the folder cannot be written.
    """
    try:
        save_figures(result, folder)
    except OutputError:
        raise
    except InputError as error:
        return error.problems
    return ()
