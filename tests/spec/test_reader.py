"""YAML 1.2 in, plain data and places out; the C parser and the pure one agree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfa.errors import Place
from mfa.spec.reader import read_file, read_text
from mfa.spec.scalars import read_scalar, write_scalar

NORWAY = """
country: NO
countries: [NO, Y, N, on, off, yes, no, NA, null]
element: Y
no: 1
y: 2
time: 12:30
day: 2024-01-02
tiny: 1e-9
small: .5
hex: 0x1F
octal: 0o17
ten: 010
underscored: 1_000
truth: [true, True, FALSE]
nothing: [~, null, Null, ]
empty:
quoted: ["1", 'true', "~"]
2024: a year
"""


@pytest.mark.parametrize("pure", [False, True])
def test_scalars_are_those_of_yaml_1_2(pure: bool) -> None:
    tree, problems = read_text(NORWAY, "a.yaml", pure=pure)
    assert problems == []
    assert tree.data == {
        "country": "NO",
        "countries": ["NO", "Y", "N", "on", "off", "yes", "no", "NA", None],
        "element": "Y",
        "no": 1,
        "y": 2,
        "time": "12:30",
        "day": "2024-01-02",
        "tiny": 1e-9,
        "small": 0.5,
        "hex": 31,
        "octal": 15,
        "ten": 10,
        "underscored": "1_000",
        "truth": [True, True, False],
        "nothing": [None, None, None],
        "empty": None,
        "quoted": ["1", "true", "~"],
        2024: "a year",
    }
    assert isinstance(tree.data["tiny"], float)


def test_places_of_keys_and_values() -> None:
    tree, _ = read_text("flows:\n  mined: {from: mine, by: [a, bc]}\n", "a.yaml")
    assert tree.key_places[("flows", "mined")] == Place("a.yaml", 2, 3, 5)
    assert tree.key_places[("flows", "mined", "by")] == Place("a.yaml", 2, 23, 2)
    assert tree.value_places[("flows", "mined", "from")] == Place("a.yaml", 2, 17, 4)
    assert tree.value_places[("flows", "mined", "by", 1)] == Place("a.yaml", 2, 31, 2)


def test_columns_count_characters_not_bytes() -> None:
    tree, _ = read_text("{名前: métal, b: 2}\n", "a.yaml")
    assert tree.key_places[("b",)].column == 13


def test_nearest_place() -> None:
    tree, _ = read_text("flows:\n  mined:\n    from: mine\n", "a.yaml")
    assert tree.place(("flows", "mined")) == Place("a.yaml", 2, 3, 5)
    assert tree.place(("flows", "mined", "to")) == Place("a.yaml", 2, 3, 5)
    assert tree.place(("flows", "mined", "from")) == Place("a.yaml", 3, 11, 4)
    assert tree.place(("flows", "mined", "from"), key=True) == Place("a.yaml", 3, 5, 4)
    assert tree.place(("flows", "mined", "from", "x")) == Place("a.yaml", 3, 11, 4)


def test_aliases_are_values_of_their_own() -> None:
    tree, problems = read_text("a: &x [1, 2]\nb: *x\n", "a.yaml")
    assert problems == []
    assert tree.data == {"a": [1, 2], "b": [1, 2]}
    assert tree.data["a"] is not tree.data["b"]
    assert tree.key_places[("b",)].line == 2


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 50_000,
        "- " * 50_000 + "x",
        "a: " + "[" * 400 + "]" * 400,
        "\n".join(" " * n + "a:" for n in range(600)),
    ],
)
def test_endless_nesting_is_refused(text: str, pure: bool) -> None:
    _, problems = read_text(text, "a.yaml", pure=pure)
    assert [p.code for p in problems] == ["yaml-alias"]


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    _, problems = read_text("\n".join(lines), "a.yaml")
    assert [p.code for p in problems] == ["yaml-alias"]


def test_duplicate_key_names_both_places() -> None:
    _, (problem,) = read_text("a: 1\nb: 2\na: 3\n", "a.yaml")
    assert problem.where == Place("a.yaml", 3, 1)
    assert "line 1, column 1" in problem.text
    assert str(problem).splitlines()[1:3] == ["    a: 3", "    ^"]


def test_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    tree, problems = read_file(path)
    assert (tree.data, problems) == ({"a": 1}, [])


def test_a_folder_or_an_absent_file_is_a_problem(tmp_path: Path) -> None:
    assert [p.code for p in read_file(tmp_path)[1]] == ["missing-file"]
    assert [p.code for p in read_file(tmp_path / "none.yaml")[1]] == ["missing-file"]


words = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=6)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(10**15), 10**15), floats)
plain = st.recursive(
    scalars | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(words.filter(bool), plain, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_json_reads_as_itself(data: dict[str, object]) -> None:
    text = json.dumps(data)
    tree, problems = read_text(text, "a.yaml")
    assert problems == []
    assert tree.data == json.loads(text)


@given(scalars | st.text())
@settings(max_examples=300, deadline=None)
def test_written_scalars_read_back(value: object) -> None:
    text = write_scalar(value)  # type: ignore[arg-type]
    tree, problems = read_text(f"k: {text}\nl: [{text}, 1]\n", "a.yaml")
    assert problems == []
    assert tree.data["k"] == value
    assert type(tree.data["k"]) is type(value)
    assert tree.data["l"] == [value, 1]


@given(st.text(alphabet="-+.0123456789eExXoOnNyYaAfF_:~ ", max_size=8))
@settings(max_examples=300, deadline=None)
def test_number_like_text_survives(value: str) -> None:
    assert read_text(f"k: {write_scalar(value)}\n", "a.yaml")[0].data == {"k": value}


@given(st.text(alphabet="ab:,[]{}\n \t-#&*!|>'\"%@`?1", max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    tree, problems = read_text(text, "a.yaml")
    assert isinstance(tree.data, dict)
    for problem in problems:
        assert problem.where is not None
        assert str(problem)


def test_big_integers_stay_text() -> None:
    assert read_scalar("1" * 5000) == "1" * 5000
