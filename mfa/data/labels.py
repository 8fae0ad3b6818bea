"""From the labels a table uses to the labels of a dimension: groups, the rest of the world, country codes."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from mfa.data.countries import WORLD, countries, folded, iso3_of, known_names
from mfa.errors import Place, Problem, did_you_mean

Label = str | int
Sort = Literal["plain", "region", "year"]
TOTAL = "\0total"
OUTSIDE = "\0outside"


@dataclass(frozen=True)
class Grouping:
    """How raw labels become the labels of one dimension.

    `members` holds groups (`EU27: AUT, BEL, ...`), `rest` the label that takes every other known country.
    Of the sorts, `region` reads ISO2, ISO3, M49 and names; `year` numbers of four digits; `plain` reads
    exact labels only. `ignores` says that rows at labels the dimension does not have are left out.

    >>> world = Grouping("region", ("CHN", "EU27", "ROW"), {"EU27": ("DE", "FRA")}, rest="ROW")
    >>> [world.resolve(x) for x in ("China", "276", "Burma", "NA")]
    ['CHN', 'EU27', 'ROW', 'ROW']
    >>> world.resolve("Chnia") is None
    True
    """

    dimension: str
    labels: tuple[Label, ...]
    members: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rest: str | None = None
    sort: Sort | None = None
    ignores: bool = False

    @cached_property
    def kind(self) -> Sort:
        """The sort given, or the one that the dimension's name says."""
        if self.sort is not None:
            return self.sort
        return "region" if self.dimension == "region" else "year" if self.dimension == "year" else "plain"

    @cached_property
    def _exact(self) -> dict[str, Label]:
        exact: dict[str, Label] = {str(label): label for label in self.labels}
        for group, members in self.members.items():
            exact.update({self.member(m) or str(m): group for m in members})
        return exact

    def problems(self, where: Place | None = None) -> list[Problem]:
        """What is wrong with the groups: unknown members, members of two groups, names that are no label."""
        known = {str(label) for label in self.labels}
        names = [*self.members, *([self.rest] if self.rest else [])]
        found = [_unknown_group(n, self.dimension, known, where) for n in names if n not in known]
        seen: dict[str, str] = {}
        for group, members in self.members.items():
            for raw in members:
                found += self._member_problems(group, raw, seen, where)
        return found

    def _member_problems(
        self, group: str, raw: str, seen: dict[str, str], where: Place | None
    ) -> list[Problem]:
        member = self.member(raw)
        if member is None:
            hint = _near_country(raw, ())
            return [Problem("table-label", f'group "{group}" has an unknown member "{raw}"', where, hint)]
        other = seen.setdefault(member, group)
        if other != group:
            return [Problem("table-label", f'"{member}" is in two groups, "{other}" and "{group}"', where)]
        if member in {str(label) for label in self.labels}:
            return [Problem("table-label", f'"{member}" is a label and a member of "{group}"', where)]
        return []

    def member(self, raw: str) -> str | None:
        """The raw label in its one spelling (ISO3 for regions), before grouping; None where unknown."""
        if self.kind == "region":
            return iso3_of(str(raw))
        return str(raw).strip().removesuffix(".0") if self.kind == "year" else str(raw).strip()

    def resolve(self, raw: str) -> Label | None:
        """The dimension's label for a raw label; None where it is unknown (see also `TOTAL`, `OUTSIDE`)."""
        text = str(raw).strip()
        exact = self._exact.get(text)
        if exact is not None:
            return exact
        if self.kind == "year":
            return self._year(text)
        return self._region(text) if self.kind == "region" else None

    def _year(self, text: str) -> Label | None:
        whole = text.removesuffix(".0")
        return self._exact.get(whole, OUTSIDE) if re.fullmatch(r"[0-9]{4}", whole) else None

    def _region(self, text: str) -> Label | None:
        iso3 = iso3_of(text)
        if iso3 is None:
            return None
        found = self._exact.get(iso3)
        if found is None and iso3 == WORLD:
            return TOTAL
        return found if found is not None else self.rest

    def knows(self, raw: str) -> bool:
        """Whether a label that cannot be resolved is a known one, which the dimension does not have.

        Of a `plain` dimension any text may be one.
        """
        if self.kind == "region":
            return iso3_of(raw) is not None
        return self.kind == "plain" and bool(raw.strip())

    def hint(self, raw: str) -> str:
        """A sentence for a label that cannot be resolved."""
        if not raw.strip():
            return "the cell is empty"
        if self.kind == "region" and iso3_of(raw) is not None:
            name = countries()[str(iso3_of(raw))].name
            return f"{name} is in no group; name it in `members`, or give the dimension a `rest` label"
        if self.kind == "year" and (date := re.match(r"\s*(\d{4})[-/.]", raw)):
            return f"a year is written as a number: {date[1]}"
        if self.kind == "region":
            return _near_country(raw, [str(x) for x in self.labels])
        return did_you_mean(raw, [str(x) for x in self.labels])

    def map(self, column: pd.Series) -> Mapped:
        """A whole column resolved, each distinct raw label once."""
        codes, uniques = pd.factorize(column)
        raw, own = [str(u) for u in uniques], {str(label) for label in self.labels}
        resolved = [self.resolve(r) for r in raw]
        members = [r if r in own else self.member(r) or r for r in raw]
        take = np.asarray(codes, dtype=np.intp)
        return Mapped(_taken(resolved, take), _taken(members, take), _taken(raw, take))

    @cached_property
    def grouped(self) -> frozenset[Label]:
        """The labels that stand for more than one raw label."""
        return frozenset([*self.members, *([self.rest] if self.rest else [])])


Objects = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Mapped:
    """A column before and after: `label` of the dimension (or None, TOTAL, OUTSIDE), `member`, `raw` text."""

    label: Objects
    member: Objects
    raw: Objects

    @cached_property
    def known(self) -> npt.NDArray[np.bool_]:
        """Where the raw label was resolved."""
        return np.array([label is not None for label in self.label], dtype=bool)

    def unknown(self, among: npt.NDArray[np.bool_]) -> dict[str, int]:
        """Raw labels among the given rows that the dimension lacks, each with its first row."""
        found: dict[str, int] = {}
        for row in np.flatnonzero(~self.known & among):
            found.setdefault(str(self.raw[row]), int(row))
        return found

    def rows(self, sentinel: str) -> npt.NDArray[np.bool_]:
        """Where the label is the sentinel `TOTAL` or `OUTSIDE`."""
        return np.asarray(self.label == sentinel, dtype=bool)


def _taken(values: Iterable[Hashable], take: npt.NDArray[np.intp]) -> Objects:
    pool = list(values)
    out = np.empty(len(pool), dtype=object)
    out[:] = pool
    return out[take]


EDITS = 2
"""Letters by which a name may be misspelt for another to be meant."""
SHORT = 5
"""Letters below which a code or name is so near to others that none of them is a hint."""


def _near_country(raw: str, labels: Sequence[str]) -> str:
    """A hint for a region that nothing is called: a name nearly spelt so, never another country's code."""
    text = folded(raw)
    names = dict.fromkeys([*labels, *known_names()])
    near = [n for n in names if len(n) >= SHORT and edits(text, folded(n), EDITS) <= EDITS]
    if len(text) >= SHORT and near:
        return f'did you mean "{min(near, key=lambda n: edits(text, folded(n), EDITS))}"?'
    return "no country or area has this code or name; regions are ISO 3166 codes, M49 codes or English names"


def edits(a: str, b: str, most: int) -> int:
    """How many letters must be changed, added or dropped to get from one word to another; at most most + 1.

    >>> edits("chnia", "china", 2), edits("peru", "persia", 2), edits("a", "bolivia", 2)
    (2, 3, 3)
    """
    if abs(len(a) - len(b)) > most:
        return most + 1
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return min(row[-1], most + 1)


def _unknown_group(name: str, dimension: str, known: set[str], where: Place | None) -> Problem:
    text = f'"{name}" names a group, but dimension "{dimension}" has no such label'
    return Problem("table-label", text, where, did_you_mean(name, sorted(known)))
