"""Where the rows that contradict each other were written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mfa.build.model import Model
from mfa.errors import Place, Problem

SIDES = (" exactly", " at least", " at most")


def placed(model: Model, problems: tuple[Problem, ...]) -> Iterator[Problem]:
    """The problems of a conflict, each with the place of the report or constraint it is about."""
    for problem in problems:
        yield replace(problem, where=problem.where or _place(model, problem.text))


def _place(model: Model, text: str) -> Place | None:
    """The place of the row called `text`; none of a balance or a bound."""
    words = text.removeprefix("limit ").split("[")[0].split(".")
    if words[0] == "constraints":
        return model.document.place(*words)
    name = next((text.removesuffix(s) for s in SIDES if text.endswith(s)), None)
    return None if name is None else _report_place(model, name.removeprefix("limit "))


def _report_place(model: Model, name: str) -> Place | None:
    namer = model.problem.observed.rows.name
    for group in model.observed:
        if name.startswith(group.name) and group.place:
            for k, place in enumerate(group.place):
                if namer(group.first + k) == name:
                    return _read(place)
    return None


def _read(place: str) -> Place | None:
    file, colon, line = place.rpartition(":")
    if not place:
        return None
    return Place(file, int(line)) if colon and line.isdigit() else Place(place)
