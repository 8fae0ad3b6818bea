"""What a figure shows, as a value, and the error of one that would be empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mfa.errors import InputError, Problem, UnknownName, did_you_mean
from mfa.run.result import Result

Label = str | int


class EmptyFigure(InputError):
    """A figure whose selection holds nothing to draw."""

    code = "empty-figure"


@dataclass(frozen=True)
class FigureSpec:
    """One figure: kind, names shown (all that fit unless given), labels kept, bands, unit, heading, rows."""

    name: str
    kind: str
    of: tuple[str, ...] = ()
    at: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)
    by: str | None = None
    unit: str | None = None
    title: str | None = None
    top: int = 8

    @staticmethod
    def read(name: str, plain: Mapping[str, Any]) -> FigureSpec:
        """The figure that plain values (as a saved result holds them) describe."""
        at = {axis: _several(labels) for axis, labels in (plain.get("at") or {}).items()}
        return FigureSpec(
            name,
            str(plain["kind"]),
            tuple(str(x) for x in _several(plain.get("of") or ())),
            at,
            plain.get("by"),
            plain.get("unit"),
            plain.get("title"),
            int(plain.get("top") or 8),
        )

    def empty(self, text: str, hint: str = "") -> EmptyFigure:
        """The error of this figure having nothing to show."""
        return EmptyFigure(Problem("empty-figure", f'figure "{self.name}" ({self.kind}): {text}', hint=hint))


def _several(labels: Any) -> tuple[Any, ...]:
    return tuple(labels) if isinstance(labels, Sequence) and not isinstance(labels, str) else (labels,)


def figure_specs(result: Result) -> dict[str, FigureSpec]:
    """The figures that a result's scenario asks for, by name."""
    return {
        name: FigureSpec.read(name, plain) for name, plain in (result.outputs.get("figures") or {}).items()
    }


def figure_spec(result: Result, name: str) -> FigureSpec:
    """The figure of that name; raises UnknownName with a hint."""
    known = figure_specs(result)
    if name not in known:
        raise UnknownName(f'the result has no figure "{name}"; {did_you_mean(name, known)}')
    return known[name]
