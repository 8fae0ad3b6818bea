"""Country codes and names: ISO2, ISO3, M49 and the names statistics use, to ISO3."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

CountryKind = Literal["country", "former", "area", "world"]
WORLD = "WLD"
OTHERS = "OTH"


@dataclass(frozen=True, slots=True)
class Country:
    """One reporting area: ISO3, ISO2, M49 (without leading zeros), name, other names, and its kind.

    `area` is a statistical remainder ("Areas, nes", "Other countries"), `world` a total over everything.
    """

    iso3: str
    iso2: str
    m49: str
    name: str
    aliases: tuple[str, ...]
    kind: CountryKind


@cache
def countries() -> dict[str, Country]:
    """Every country and statistical area by its ISO3 code, from `countries.csv`."""
    text = resources.files("mfa.data").joinpath("countries.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["iso3"]: _country(row) for row in rows}


def _country(row: dict[str, str]) -> Country:
    kind: CountryKind = row["kind"]  # type: ignore[assignment]
    aliases = tuple(row["aliases"].split("|")) if row["aliases"] else ()
    return Country(row["iso3"], row["iso2"], row["m49"], row["name"], aliases, kind)


@cache
def _codes() -> dict[str, str]:
    return {code: c.iso3 for c in countries().values() for code in (c.m49, c.iso2, c.iso3) if code}


@cache
def _names() -> dict[str, str]:
    return {folded(n): c.iso3 for c in countries().values() for n in (c.name, *c.aliases)}


def folded(name: str) -> str:
    """A name in one spelling: no case, accents or marks of notes, single spaces, plain apostrophes."""
    spelt = unicodedata.normalize("NFKD", name.replace("\u2019", "'"))
    plain = "".join(c for c in spelt if not unicodedata.combining(c))
    return " ".join(plain.replace("*", " ").split()).casefold()


@cache
def iso3_of(text: str) -> str | None:
    """The ISO3 code that a code or a name stands for, or None.

    Codes may stand in quotes, as some offices write them to keep leading zeros; names may end in "(the)".

    >>> iso3_of("Burma"), iso3_of("NA"), iso3_of("004"), iso3_of("490"), iso3_of("Canada ")
    ('MMR', 'NAM', 'AFG', 'TWN', 'CAN')
    >>> iso3_of("'156"), iso3_of("Niger (the)"), iso3_of("Turkiye"), iso3_of("890")
    ('CHN', 'NER', 'TUR', 'YUG')
    """
    plain = text.strip().strip("'\"\u2018\u2019\u201c\u201d").strip()
    name = folded(plain)
    found = _codes().get(plain) or _names().get(name) or _names().get(name.removesuffix(" (the)"))
    if found is None and re.fullmatch(r"[0-9]{1,9}", plain):
        return _codes().get(str(int(plain))) or _names().get(str(int(plain)))
    return found


def known_names() -> Iterator[str]:
    """Every code and name that :func:`iso3_of` reads, for hints."""
    for country in countries().values():
        yield from (country.iso3, country.name, *country.aliases)
