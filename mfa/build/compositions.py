"""Given compositions: shares as stated, exact ones closed to 1, the others unknowns with their statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfa.build.assembly import Assembly, Bools, Floats, Ints, Terms
from mfa.build.naming import blocks, cell_namer
from mfa.build.parameters import ObservedGroup, numbered, own_terms, positions, stated_group
from mfa.build.sums import ROUNDED, Closing, closing
from mfa.build.values import Reader, ValueArray
from mfa.core.composition import mass_fraction, to_element_shares
from mfa.core.labels import ELEMENT, CellIndex, dimension_of, full_index
from mfa.core.system import System
from mfa.errors import Severity, apart
from mfa.spec.checks.shares import PERCENT, as_exact
from mfa.spec.closing import nearly_one
from mfa.spec.schema import Composition as Statement

LEAST = 1e-4
"""What an unknown share starts from at least, or its standard deviation where that is less."""
SHOWN = 3
NOT_RESCALED = (
    "exact shares are not rescaled: correct them, or state `sd` or `cv`, and they are reconciled to 1"
)
BESIDE_REST = "write the share of each element but the one that is the rest, 0 included"


@dataclass(frozen=True)
class Composition:
    """The element split of a commodity: `shares` of the compounds of a basis, which sum to 1.

    `stated` has what was said of them (blank where nothing was), `free` marks those that are unknown, of
    which `shares` are a first guess; `fractions` are the metal fractions of the compounds. Rows of elements
    that are `closed` sum to 1 as they are stated, so that they cannot be seen to miss it.
    """

    stated: ValueArray
    shares: Floats
    free: Bools
    closed: Bools
    fractions: Floats

    @property
    def axes(self) -> tuple[str, ...]:
        """Its axes, the element last."""
        return self.stated.axes

    @property
    def uncertain(self) -> bool:
        """Whether any share is unknown."""
        return bool(self.free.any())

    @cached_property
    def value(self) -> Floats:
        """Shares of element mass, 0 where nothing is stated.

        Equation: c_e = w_e f_e / sum_k w_k f_k, with w the compound's share and f the metal fraction.
        """
        there = self.shares.sum(axis=-1, keepdims=True) > 0
        return np.where(there, to_element_shares(np.where(there, self.shares, 1.0), self.fractions), 0.0)

    @property
    def possible(self) -> Bools:
        """Which elements there may be."""
        return np.asarray((self.shares > 0) | self.free)

    @property
    def needed(self) -> Bools:
        """Which elements there are: a share stated as 0, give or take something, may be none."""
        return np.asarray(self.possible & ~(self.free & (self.stated.value == 0)))


def read_compositions(reader: Reader) -> dict[str, Composition]:
    """The given compositions of a document; problems go to the reader."""
    found = {}
    for name, composition in reader.document.spec.compositions.items():
        given = None if composition.mixed else reader.array(("compositions", name), composition, "1")
        if given is not None and given.axes[-1:] == (ELEMENT,):
            found[name] = _Statement.of(reader, name, composition, given).composition()
        elif given is not None:
            text = "a composition varies over element last, such as dims: [region, element]"
            reader.problems.append(reader.document.problem("data-shape", text, "compositions", name, "dims"))
    return found


def composition_of_masses(given: ValueArray, fractions: Floats) -> Composition:
    """The exact composition of what holds so much of each compound (blanks are none)."""
    mass = np.nan_to_num(given.value, nan=0.0)
    total = mass.sum(axis=-1, keepdims=True)
    shares = np.divide(mass, total, out=np.zeros_like(mass), where=total > 0)
    none = np.zeros(mass.shape, np.bool_)
    return Composition(given, shares, none, none[..., 0], fractions)


def metal_fractions(reader: Reader, basis: str | None) -> Floats:
    """The mass fraction of each element in the compound a basis counts (1 for element mass)."""
    elements = [str(e) for e in reader.dims.dimensions[ELEMENT].labels]
    compounds = reader.document.spec.bases.get(basis or "", {})
    return np.array([mass_fraction(compounds[e], e) if e in compounds else 1.0 for e in elements])


@dataclass(frozen=True)
class _Statement:
    """What a document says of a composition, one row for each set of labels that is no element."""

    reader: Reader
    name: str
    spec: Statement
    given: ValueArray
    value: Floats
    rest: Bools
    found: Closing

    @classmethod
    def of(cls, reader: Reader, name: str, spec: Statement, given: ValueArray) -> _Statement:
        """The statement, its sums looked at."""
        width = given.value.shape[-1]
        value, spread = given.value.reshape(-1, width), given.spread.reshape(-1, width)
        rest: Bools = np.zeros(value.shape, np.bool_)
        if given.rest is not None:
            rest = given.rest.reshape(-1, width)
        if spec.rest is not None:
            k = reader.dims.dimensions[ELEMENT].index(spec.rest)
            alone = ~np.isnan(value).all(axis=1) & np.isnan(value[:, k]) & ~rest.any(axis=1)
            rest = rest | (alone[:, None] & (np.arange(width) == k))
        complete = np.asarray(~rest.any(axis=1))
        found = closing(value, given.certain.reshape(-1, width), spread, complete)
        return cls(reader, name, spec, given, value, rest, found)

    def composition(self) -> Composition:
        """The composition; what is wrong with it goes to the reader."""
        self._check()
        shape, free = self.given.value.shape, self._free()
        return Composition(
            stated=self.given,
            shares=self._first(free).reshape(shape),
            free=free.reshape(shape),
            closed=self.found.closed.reshape(shape[:-1]),
            fractions=metal_fractions(self.reader, self.spec.basis),
        )

    def _free(self) -> Bools:
        """Which shares are unknown: those with an error, and the rest beside them."""
        evidence = ~self.given.certain.reshape(self.value.shape) & ~np.isnan(self.value)
        return np.asarray(evidence | (self.rest & evidence.any(axis=1, keepdims=True)))

    def _first(self, free: Bools) -> Floats:
        """Shares that sum to 1, evidence moved by its variances: exact where all of a row is.

        Equation: w_k = v_k + (1 - sum v) s_k^2 / sum s^2.
        """
        first = np.nan_to_num(self.found.value)
        left = 1.0 - first.sum(axis=1, keepdims=True)
        first = np.where(self.rest, np.maximum(left, 0.0), first)
        if not free.any():
            return first
        spread = np.where(free & ~self.rest, self.given.spread.reshape(first.shape), 0.0)
        variance = spread**2 / np.maximum((spread**2).sum(axis=1, keepdims=True), np.finfo(float).tiny)
        moved = first + (1.0 - first.sum(axis=1, keepdims=True)) * variance
        least = np.where(self.rest, LEAST, np.minimum(spread, LEAST))
        guess = np.where(free, np.clip(moved, least, 1.0), 0.0)
        held = np.where(free, 0.0, first).sum(axis=1, keepdims=True)
        total = guess.sum(axis=1, keepdims=True)
        room = np.divide(np.maximum(1.0 - held, 0.0), total, out=np.ones_like(total), where=total > 0)
        return np.where(free, guess * room, first)

    def _check(self) -> None:
        """Say which shares cannot be, which sums are not 1, and which are closed to it."""
        wrong = self.value[(self.value < 0) | (self.value > 1)]
        if wrong.size:
            if self.spec.table is not None:
                text = f"a share must be between 0 and 1, not {wrong[0]:g}"
                self._say("share-range", text, hint=PERCENT)
            return
        found, unlisted = self.found, self._unlisted()
        if found.above.any():
            sums = np.where(found.above, found.exact, np.nan)
            self._say("share-sum", self._sum(found.above, sums), hint=self._hint(found.above))
        silent = unlisted.any(axis=1) & ~self._whole()
        missing = found.open | (silent & ~self.rest.any(axis=1))
        if missing.any():
            self._say(
                "share-sum", self._sum(missing, found.total) + self._names(missing), hint=self._hint(missing)
            )
        beside = silent & self.rest.any(axis=1)
        if beside.any():
            text = f'the composition of "{self.name}" has a rest{self._names(beside)}: 0'
            self._say("share-sum", text, hint=BESIDE_REST, severity="warning")
        if found.rounded.any():
            self._say("share-rounding", self._sum(found.rounded, found.total) + ROUNDED, severity="warning")

    def _unlisted(self) -> Bools:
        """The elements of which nothing is said although others are, not even that they are the rest."""
        said = ~np.isnan(self.value)
        return np.asarray(~said & said.any(axis=1, keepdims=True) & ~self.rest)

    def _whole(self) -> Bools:
        """The rows whose shares leave nothing to what is not listed."""
        rows = np.nan_to_num(self.value).tolist()
        return np.asarray(self.found.closed | np.array([nearly_one(row) for row in rows], np.bool_))

    def _sum(self, rows: Bools, sums: Floats) -> str:
        k = int(np.flatnonzero(rows)[0])
        axes = self.given.axes[:-1]
        place = full_index(axes, {d: len(x) for d, x in self.reader.dims.dimensions.items()}).coords[k]
        labels = [
            self.reader.dims.dimensions[dimension_of(a)].labels[i] for a, i in zip(axes, place, strict=True)
        ]
        where = f" for {', '.join(map(str, labels))}" if labels else ""
        more = f" (and {rows.sum() - 1} more like it)" if rows.sum() > 1 else ""
        return f'the composition of "{self.name}" sums to {apart(sums[k])}{where}{more}'

    def _names(self, rows: Bools) -> str:
        """Which elements the first of some rows says nothing of."""
        names = self._missing(rows)
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        return f", and says nothing of {', '.join(names[:SHOWN])}{more}" if names else ""

    def _missing(self, rows: Bools) -> list[str]:
        unlisted = self._unlisted()[int(np.flatnonzero(rows)[0])]
        return [str(self.reader.dims.dimensions[ELEMENT].labels[i]) for i in np.flatnonzero(unlisted)]

    def _hint(self, rows: Bools) -> str:
        names = self._missing(rows)
        if not names:
            return as_exact(self.reader.document) or NOT_RESCALED
        one = f"{names[0]}: rest" if self.spec.table is None else f"rest: {names[0]}"
        if len(names) > 1:
            return f"write the share of each element, 0 included; one of them may be the rest: `{one}`"
        return f"write `{one}` if that is what the others leave, or the share of each element, 0 included"

    def _say(self, code: str, text: str, *, hint: str = "", severity: Severity = "error") -> None:
        problem = self.reader.document.problem(
            *(code, text, "compositions", self.name), hint=hint, severity=severity, key=True
        )
        self.reader.problems.append(problem)


def composition_unknowns(
    assembly: Assembly, system: System, name: str, given: Composition
) -> tuple[Ints, list[ObservedGroup]]:
    """The numbers of a composition's share unknowns (empty where the shares are exact), and their statements.

    The shares of one composition always sum to 1: none is moved without the others.
    """
    if not given.uncertain:
        return np.zeros(0, np.int64), []
    index = CellIndex(given.axes, positions(used := given.possible))
    first, free = given.shares[used], given.free[used]
    title = f"compositions.{name}"
    unknown = assembly.unknowns(
        len(first),
        cell_namer(system, title, index),
        start=first,
        lower=np.where(free, 0.0, first),
        upper=np.where(free, 1.0, first),
        block=blocks(system, index),
        mass=False,
        bulk=np.full(len(first), -1),
    )
    cell = numbered(used, assembly.linear(unknown, len(first), cell_namer(system, title, index)))
    _add_sums(assembly, system, name, given, cell)
    return numbered(used, unknown), [_observe(assembly, system, title, given, cell)]


def _add_sums(assembly: Assembly, system: System, name: str, given: Composition, cell: Ints) -> None:
    """The rows that say that shares sum to 1, where any is unknown."""
    flat, width = cell.reshape(-1, cell.shape[-1]), cell.shape[-1]
    rows: Ints = np.flatnonzero(given.free.reshape(-1, width).any(axis=1))
    row, element = np.nonzero(flat[rows] >= 0)
    index = CellIndex(given.axes[:-1], full_index(given.axes[:-1], system.sizes).coords[rows])
    assembly.exact(
        Terms.of(row, flat[rows[row], element], 1.0),
        np.ones(len(rows)),
        cell_namer(system, f"composition of {name} sums to 1", index),
        merge=np.full(len(rows), -1),
    )


def _observe(assembly: Assembly, system: System, title: str, given: Composition, cell: Ints) -> ObservedGroup:
    """The shares as they are stated, as observations."""
    stated = (cell >= 0) & ~np.isnan(given.stated.value)
    index, certain = CellIndex(given.axes, positions(stated)), given.stated.certain[stated]
    first = assembly.observe(
        own_terms(cell[stated]),
        given.stated.value[stated],
        given.stated.sd[stated],
        given.stated.cv[stated],
        counted=~certain,
        namer=cell_namer(system, title, index),
    )
    rows, width = numbered(stated, first), cell.shape[-1]
    closed = np.broadcast_to(given.closed[..., None], cell.shape) & stated & given.free
    assembly.closed(np.flatnonzero(closed) // width, rows[closed])
    return stated_group(system, title, first, index, given=given.stated, certain=certain)


def first_mix(compositions: Mapping[str, Composition], n_elements: int) -> Floats:
    """A mix to start from: the mean of all given compositions, with a little of everything."""
    given = [v.value.reshape(-1, n_elements) for v in compositions.values()]
    rows = np.concatenate([np.zeros((0, n_elements)), *(g[g.sum(axis=1) > 0] for g in given)])
    mean = (rows.mean(axis=0) if len(rows) else np.zeros(n_elements)) + 1e-4
    return np.asarray(mean / mean.sum())
