"""The system as a Graphviz text, for drawing."""

from __future__ import annotations

from pathlib import Path

from mfa.core.system import System
from mfa.errors import OutputError, Problem

SHAPES = {"source": "invhouse", "sink": "house", "market": "ellipse", "stock": "box3d", "process": "box"}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def dot(system: System) -> str:
    """The system in the DOT language: processes by kind, flows and trades by name."""
    lines = [
        "digraph system {",
        "  rankdir=LR;",
        '  node [fontname="Helvetica"]; edge [fontname="Helvetica", fontsize=10];',
    ]
    lines += [
        f"  {_quoted(p.name)} [label={_quoted(p.label)}, shape={SHAPES[p.kind]}];"
        for p in system.processes.values()
    ]
    for e in system.edges.values():
        if e.kind != "difference":
            style = ", style=dashed" if e.kind == "trade" else ""
            lines.append(f"  {_quoted(e.source)} -> {_quoted(e.target)} [label={_quoted(e.name)}{style}];")
    return "\n".join([*lines, "}", ""])


def write_dot(system: System, path: Path) -> Path:
    """The file the system was written to; raises OutputError, also for a suffix of another format."""
    if path.suffix.lower() not in (".dot", ".gv"):
        hint = f"write {path.with_suffix('.dot')} and draw that: dot -T{path.suffix[1:] or 'svg'} ..."
        raise OutputError(
            Problem("output", f'the graph is written in the DOT language, not as "{path}"', hint=hint)
        )
    try:
        path.write_text(dot(system), encoding="utf-8")
    except OSError as error:
        raise OutputError(f'cannot write "{path}": {error.strerror or error}') from error
    return path
