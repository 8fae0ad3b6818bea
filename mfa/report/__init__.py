"""The report of a result: one HTML file that needs nothing else."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import jinja2

from mfa.errors import OutputError
from mfa.printed import escaped
from mfa.report.sections import sections
from mfa.run.result import Result

__all__ = ["render", "write_report"]
NAME = "report.html"
LAYOUT = "\n\t\u200e\u200f\ufeff"
"""Control characters that a page may hold: those of its lines, and marks that some scripts need."""


@cache
def _template() -> jinja2.Template:
    text = resources.files("mfa.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(text)


def render(result: Result) -> str:
    """The report as HTML, figures and style within it; the same text at every call."""
    text = _template().render(title=result.title or result.name, name=result.name, sections=sections(result))
    return escaped(text, keep=LAYOUT)


def write_report(result: Result, folder: str | Path) -> Path:
    """The path of `folder/report.html`, written; raises OutputError where that cannot be done."""
    path = Path(folder) / NAME
    text = render(result)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f'cannot write "{path}": {error.strerror or error}') from error
    return path
