from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mfa.data.countries import countries, iso3_of
from mfa.data.labels import OUTSIDE, TOTAL, Grouping

WORLD = Grouping("region", ("CHN", "MMR", "EU27", "ROW"), {"EU27": ("DE", "FRA")}, rest="ROW")


@pytest.mark.parametrize(
    ("text", "iso3"),
    [
        *(("Burma", "MMR"), ("Viet Nam", "VNM"), ("Vietnam", "VNM"), ("Korea, Rep.", "KOR")),
        *(("Other Asia, nes", "TWN"), ("490", "TWN"), ("S19", "TWN"), ("842", "USA"), ("757", "CHE")),
        *(("NA", "NAM"), ("NAM", "NAM"), ("004", "AFG"), ("4", "AFG"), ("  canada ", "CAN")),
        *(("Côte d’Ivoire", "CIV"), ("Cote d'Ivoire", "CIV"), ("Congo (Kinshasa)", "COD")),
        *(("World total (rounded)", "WLD"), ("Other countries", "OTH"), ("Türkiye", "TUR")),
    ],
)
def test_codes_and_names(text: str, iso3: str) -> None:
    assert iso3_of(text) == iso3


@pytest.mark.parametrize("text", ["", "xyz", "Chnia", "na", "9999", "us"])
def test_unknown_names(text: str) -> None:
    assert iso3_of(text) is None


def test_every_code_and_name_means_one_country() -> None:
    for country in countries().values():
        for text in (country.iso3, country.iso2, country.m49, country.name, *country.aliases):
            assert not text or iso3_of(text) == country.iso3


def test_the_list_covers_the_statistical_codes(shared: Path) -> None:
    codes = pd.read_csv(
        shared / "data" / "open" / "baci" / "country_codes_V202601.csv", dtype=str, keep_default_na=False
    )
    for row in codes.itertuples():
        expected = "TWN" if row.country_iso3 == "S19" else row.country_iso3
        assert iso3_of(row.country_code) == expected
        assert iso3_of(row.country_name) == expected


def test_groups_rest_and_unknown() -> None:
    resolve = WORLD.resolve
    assert [resolve(x) for x in ("China", "DEU", "France", "Namibia", "NA", "OTH")] == [
        *("CHN", "EU27", "EU27", "ROW", "ROW", "ROW")
    ]
    assert resolve("ROW") == "ROW"
    assert resolve("Atlantis") is None
    assert resolve("World") == TOTAL


def test_without_rest_a_known_country_is_an_error_that_says_so() -> None:
    narrow = Grouping("region", ("CHN",))
    assert narrow.resolve("USA") is None
    assert "United States is in no group" in narrow.hint("USA")
    assert narrow.hint("Chnia") == 'did you mean "China"?'
    assert narrow.hint(" ") == "the cell is empty"


def test_a_world_label_keeps_totals() -> None:
    assert Grouping("region", ("CHN", "WLD")).resolve("World total") == "WLD"


def test_years() -> None:
    years = Grouping("year", (2020, 2021))
    assert [years.resolve(x) for x in ("2020", "2021.0", "1999", "soon", "20")] == [
        2020,
        2021,
        OUTSIDE,
        None,
        None,
    ]


def test_plain_labels_are_exact() -> None:
    elements = Grouping("element", ("Nd", "Y"), {"Y": ("Yttrium",)})
    assert [elements.resolve(x) for x in ("Nd", " Y ", "Yttrium", "nd", "NA")] == ["Nd", "Y", "Y", None, None]


def test_map_keeps_members() -> None:
    mapped = WORLD.map(pd.Series(["Germany", "CHN", "DE", "??"]))
    assert mapped.label.tolist() == ["EU27", "CHN", "EU27", None]
    assert mapped.member.tolist() == ["DEU", "CHN", "DEU", "??"]
    assert mapped.unknown(mapped.known | True) == {"??": 3}


def test_wrong_groups() -> None:
    wrong = Grouping(
        "region", ("CHN", "A", "B"), {"A": ("DEU", "CHN"), "B": ("Germany", "Frnce"), "C": ()}, "RWO"
    )
    assert sorted(p.text for p in wrong.problems()) == [
        '"C" names a group, but dimension "region" has no such label',
        '"CHN" is a label and a member of "A"',
        '"DEU" is in two groups, "A" and "B"',
        '"RWO" names a group, but dimension "region" has no such label',
        'group "B" has an unknown member "Frnce"',
    ]
    assert WORLD.problems() == []
