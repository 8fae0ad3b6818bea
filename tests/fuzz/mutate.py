# ruff: noqa: E501
"""Mistakes: in plain data, in text and bytes, in formulas, and in the arrays of a saved result."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.fuzz import seeds

Path = tuple[str | int, ...]
ODD: tuple[Any, ...] = (
    *(0, -1, 1, 2, 7, 0.5, -0.0, 1e-320, 1e308, -1e308, 1e-12, 1e12, 2**63, 10**40, 10**400, 3_000_000_000),
    *(float("nan"), float("inf"), True, False, None, "", " ", "x", "x" * 20_000, "\x1b[31mred", "[red]", "=1+1"),
    *("10%", "5 kt", "<3", ">90 t", "2-1", "1-2 %", "~5", "0 +- 1", "-5", "1e400", "rest", "mixed", "nan", "null"),
    *([], {}, [None], [[]], {"value": 1}, {"value": None}, {"": 1}, {"value": 1, "sd": 0}, {"sd": 0.1}),
    *("Nd", "year", "region", "element", "CHN", 2019, "2019", "exporter", "Łódź", "日本", "a\nb", "a\0b", "\ud800"),
    *({"data": [1, 2], "dims": ["year"]}, {"table": "a.csv"}, {"table": "/dev/zero"}, {"range": [1, 20240]}),
    *({"fixed": 0}, {"weibull": {"mean": 5, "shape": 1e-9}}, {"lognormal": {"mean": 1e-9, "sd": 1e9}}),
)  # fmt: skip
TOKENS = (
    *("+", "-", "*", "/", "(", ")", "[", "]", ",", "|", "=", "sum", "cumsum", "share", "feed", "kept", "product"),
    *("year", "region", "element", "AAA", "Nd", "2021", "1", "0", "1e308", "1e-308", "nothing", '"', "'", ".", "$"),
)  # fmt: skip


def paths(data: Any, here: Path = ()) -> Iterator[Path]:
    """The path of everything in plain data but the whole."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*here, key)
        yield from paths(value, (*here, key))


def at(data: Any, path: Path) -> Any:
    """What stands at a path."""
    for step in path:
        data = data[step]
    return data


def _replaced(rng: random.Random, document: Any, path: Path) -> None:
    at(document, path[:-1])[path[-1]] = copy.deepcopy(rng.choice(ODD))


def _scaled(rng: random.Random, document: Any, path: Path) -> None:
    value = at(document, path)
    if isinstance(value, int | float) and not isinstance(value, bool):
        factor = rng.choice((-1, 0, 10, 1000, 1e-6, 1e6, 1.0000001))
        at(document, path[:-1])[path[-1]] = value * factor if abs(value) < 1e300 else -value
    else:
        _replaced(rng, document, path)


def _removed(rng: random.Random, document: Any, path: Path) -> None:
    del at(document, path[:-1])[path[-1]]


def _renamed(rng: random.Random, document: Any, path: Path) -> None:
    parent = at(document, path[:-1])
    if isinstance(parent, dict):
        others = [p[-1] for p in paths(document)]
        name = str(path[-1])
        parent[rng.choice([name[:-1], name + "e", name.title(), rng.choice(others)])] = parent.pop(path[-1])
    else:
        parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(parent[path[-1]]))  # type: ignore[arg-type]


def _swapped(rng: random.Random, document: Any, path: Path) -> None:
    """Something from elsewhere in the document, in this place."""
    other = at(document, rng.choice(list(paths(document))))
    at(document, path[:-1])[path[-1]] = copy.deepcopy(other)


def _spliced(rng: random.Random, document: Any, path: Path) -> None:
    """A section of another document, or one of its entries."""
    other = rng.choice(seeds.documents())
    section = rng.choice(list(other))
    if (
        rng.random() < 0.5
        or not isinstance(other[section], dict)
        or not isinstance(document.get(section), dict)
    ):
        document[section] = copy.deepcopy(other[section])
    elif other[section]:
        name = rng.choice(list(other[section]))
        document[section][name] = copy.deepcopy(other[section][name])


def _wrapped(rng: random.Random, document: Any, path: Path) -> None:
    parent, value = at(document, path[:-1]), at(document, path)
    if isinstance(value, dict | list) and value:
        parent[path[-1]] = next(iter(value.values() if isinstance(value, dict) else value))
    else:
        parent[path[-1]] = rng.choice(
            ([value], {"value": value}, {"labels": value}, [value, value], str(value))
        )


def _shuffled(rng: random.Random, document: Any, path: Path) -> None:
    value = at(document, path)
    if isinstance(value, list):
        rng.shuffle(value)
    elif isinstance(value, dict):
        items = list(value.items())
        rng.shuffle(items)
        value.clear()
        value.update(items)
    else:
        _replaced(rng, document, path)


def _nudged(rng: random.Random, document: Any, path: Path) -> None:
    """A number anywhere in the document, other than it was."""
    numbers = [p for p in paths(document) if isinstance(at(document, p), int | float)]
    _scaled(rng, document, rng.choice(numbers or [path]))


def _dropped(rng: random.Random, document: Any, path: Path) -> None:
    """One entry of a section left out."""
    sections = [k for k, v in document.items() if isinstance(v, dict) and v]
    if sections:
        section = document[rng.choice(sections)]
        del section[rng.choice(list(section))]


def _optioned(rng: random.Random, document: Any, path: Path) -> None:
    """Another of the choices that there are."""
    *where, last = (option := rng.choice(OPTIONS))[0].split(".")
    here = document
    for step in where:
        inner = here.get(step)
        here[step] = here = inner if isinstance(inner, dict) else {}
    here[last] = copy.deepcopy(rng.choice(option[1]))


OPTIONS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    (
        "solve.robust",
        ("l1", "l2", "huber", {"student_t": {"nu": 4}}, {"contaminated": {"eps": 0.05, "inflation": 10}}),
    ),
    ("solve.question", ("simulate", "reconcile", "project")),
    ("solve.on_free", ("stop", "report")),
    ("solve.max_iterations", (1, 2, 500)),
    ("uncertainty", ({"method": "montecarlo", "draws": 20, "seed": 1}, {"method": "posterior"})),
    ("units.mass", ("t", "kg", "Mt", "USD", "item")),
    ("units.time", ("year", "month", "day")),
    ("stocks.fleet.timing", ("start", "middle", "end", "uniform", "gauss(3)")),
    ("stocks.fleet.shrinking", ("error", "retire", "clip", "allow")),
    ("stocks.fleet.drive", ("inflow", "stock")),
    (
        "stocks.fleet.initial",
        ({"value": 5}, {"value": 5, "cv": "20%"}, {"data": {"CHN": 1}, "dims": ["region"]}),
    ),
    (
        "stocks.fleet.lifetime",
        ({"fixed": 3}, {"lognormal": {"mean": 6, "sd": 2}}, {"gamma": {"mean": 5, "sd": 2}}),
    ),
    (
        "compositions.ore",
        ("mixed", {"data": {"Nd": 1}, "dims": ["element"]}, {"data": {"Nd": 0.5, "Pr": 0.5}, "sd": 0.1}),
    ),
    ("dimensions.year", ({"range": [2018, 2018]}, {"range": [2018, 2024], "step": 3}, [2018], [2021, 2018])),
    ("dimensions.region", (["CHN"], ["CHN", "USA"], [])),
    ("dimensions.element", (["Nd"], ["Y", "Nd"])),
    ("trade.traded.pairs", ("all", "observed", "a.csv")),
    ("observations.out.interval", ([3, 5], [None, 4], [5, 3])),
    ("observations.production.reported_by", ("importer", "producer", "exporter")),
    ("observations.production.common", ("5%", {"cv": "5%", "by": ["year"]}, {"sd": 1})),
    ("processes.plant.balance", ("open", "closed")),
    ("constraints.room.equal", (3, "3 t", {"value": 2})),
)
MISTAKES: tuple[Callable[[random.Random, Any, Path], None], ...] = (
    *(_nudged, _nudged, _nudged, _dropped, _dropped, _dropped, _optioned, _optioned, _optioned, _optioned),
    *(_replaced, _replaced, _scaled, _scaled, _removed, _removed),
    *(_renamed, _swapped, _swapped, _spliced, _wrapped, _shuffled),
)


def document(rng: random.Random) -> dict[str, Any]:
    """A document with one to four mistakes."""
    own = [seeds.PLAIN, seeds.WORLD, seeds.DRIVEN, seeds.SOLVED]
    found: dict[str, Any] = copy.deepcopy(rng.choice(own if rng.random() < 0.6 else seeds.documents()))
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        every = list(paths(found))
        if every:
            rng.choice(MISTAKES)(rng, found, rng.choice(every))
    return found


def text(rng: random.Random, of: str) -> str:
    """A text with characters and lines lost, doubled, moved and made up."""
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        k = rng.randrange(len(of) + 1)
        n = rng.choice((1, 1, 1, 5, 40))
        junk = rng.choice(
            (
                "",
                " ",
                "\t",
                "\n",
                ":",
                "- ",
                "{",
                "}",
                "[",
                "]",
                "&a ",
                "*a",
                "#",
                "'",
                '"',
                "!x ",
                "? ",
                "|",
                ">",
                "%",
                "\x00",
                "\x85",
                "\u2028",
                "\ud7ff",
                ",",
                "é",
                "0",
                "-",
                "1e999",
                of[k : k + n] * 2,
            )
        )
        of = of[:k] + junk + of[k + rng.choice((0, 0, n)) :]
    return of  # fmt: skip


def raw(rng: random.Random, of: bytes) -> bytes:
    """Bytes with some of them changed, lost, doubled, or the end cut off."""
    found = bytearray(of)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        k = rng.randrange(len(found) + 1)
        n = rng.choice((1, 1, 2, 4, 64))
        how = rng.randrange(5)
        if how == 0:
            found[k : k + n] = rng.randbytes(n)
        elif how == 1:
            del found[k : k + n]
        elif how == 2:
            found[k:k] = found[k : k + n] * rng.choice((1, 3))
        elif how == 3 and found:
            found[k % len(found)] ^= 1 << rng.randrange(8)
        elif rng.random() < 0.3:
            del found[k:]
    return bytes(found)


def cells(rng: random.Random, of: str, separator: str = ",") -> str:
    """A table of text with mistakes of those who fill in tables."""
    rows = [line.split(separator) for line in of.splitlines()]
    odd = (
        "",
        " ",
        "NA",
        "nan",
        "-5",
        "1,000",
        "21.000",
        "1e400",
        "<3",
        ">5",
        "2-1",
        "10%",
        "=1+1",
        "CHN",
        "2019",
        "3000",
        "W",
        "0",
        "5 kt",
        '"',
        "x" * 3000,
        "\x1b[2J",
        "٣",
        "1_000",
        "-0.0",
        "é",
        "1 2",
        "(5)",
        "\u200b7",
    )
    for _ in range(rng.choice((1, 1, 2, 3))):
        r = rng.randrange(len(rows))
        c = rng.randrange(max(1, len(rows[r])))
        how = rng.randrange(8)
        if how <= 3 and rows[r]:
            rows[r][c % len(rows[r])] = rng.choice(odd)
        elif how == 4:
            rows.insert(r, list(rows[rng.randrange(len(rows))]))
        elif how == 5 and len(rows) > 1:
            del rows[r]
        elif how == 6:
            rows = [row[:c] + row[c + 1 :] for row in rows]
        else:
            rows[r].insert(c, rng.choice(odd))
        rows = rows or [[""]]
    return "\n".join(separator.join(row) for row in rows) + "\n"  # fmt: skip


def formula(rng: random.Random) -> str:
    """A formula with tokens changed, or a row of tokens, or one that is long or deep."""
    how = rng.random()
    if how < 0.15:
        return " ".join(rng.choice(TOKENS) for _ in range(rng.randrange(1, 12)))
    if how < 0.2:
        n = rng.choice((60, 900, 1100, 5000))
        return rng.choice(
            ("(" * n + "feed" + ")" * n, "+".join(["feed"] * n), "-" * n + "feed", "*".join(["2"] * n))
        )
    parts = list(rng.choice(seeds.FORMULAS))
    for _ in range(rng.choice((1, 1, 2, 3))):
        k = rng.randrange(len(parts) + 1)
        parts[k : k + rng.choice((0, 1, 3))] = list(rng.choice(TOKENS))
    return "".join(parts)
