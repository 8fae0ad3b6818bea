"""Periods: labels of time that flows per time and levels of stocks can be reckoned with."""

from __future__ import annotations

import re
from itertools import pairwise

from mfa.errors import Problem
from mfa.spec.dimensions import TIME_NAMES, dimension_labels
from mfa.spec.document import Document
from mfa.spec.values import Label

MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
HINT = "such as `range: [2015, 2024]`, `labels: [1990, 2000, 2005]`, or months `[2020-01, 2020-02]`"


def times(document: Document) -> list[Problem]:
    """Labels of time that are neither whole numbers nor months or do not ascend; a second time dimension.

    Periods may be of any length. Where there are no stocks, labels of any text will do.
    """
    found = [name for name in TIME_NAMES if name in document.spec.dimensions]
    problems = [
        document.problem(
            "two-times",
            f'"{found[0]}" and "{name}" are both dimensions of time',
            "dimensions",
            name,
            hint="keep one of them; months of all years are labels such as 2020-01",
            key=True,
        )
        for name in found[1:]
    ]
    return problems + [p for name in found[:1] for p in _labels(document, name)]


def _labels(document: Document, name: str) -> list[Problem]:
    labels = dimension_labels(document, name)
    numbers = [x for x in labels if isinstance(x, int)]
    months = [x for x in labels if isinstance(x, str) and MONTH.fullmatch(x)]
    if len(labels) not in (len(numbers), len(months)):
        if not numbers and not document.spec.stocks:
            return []
        k = next(k for k, x in enumerate(labels) if x not in (numbers or months))
        text = f'the labels of "{name}" are not all whole numbers, nor all months: "{labels[k]}"'
        return [_problem(document, name, k, text, HINT)]
    return [
        _problem(document, name, k + 1, f'the labels of "{name}" do not ascend: {b} after {a}', "sort them")
        for k, (a, b) in enumerate(pairwise(labels))
        if _order(b) < _order(a)
    ][:1]


def _order(label: Label) -> tuple[int, str]:
    return (label, "") if isinstance(label, int) else (0, label)


def _problem(document: Document, name: str, k: int, text: str, hint: str) -> Problem:
    """A problem with the k-th label, where it is written."""
    path = ("dimensions", name)
    steps = ((*path, "labels", k), (*path, k), (*path, "file"))
    at = next((s for s in steps if document.origin.has(s)), path)
    return document.problem("range", text, *at, hint=hint, key=at == path)
