"""Problems as text, exceptions as builtins, hints."""

from __future__ import annotations

import pytest

from mfa import errors
from mfa.errors import MfaError, Place, Problem, did_you_mean


def test_a_problem_shows_its_place_line_caret_and_hint() -> None:
    problem = Problem(
        "unknown-key",
        'no key "lable"',
        Place("a.yaml", 3, 5, 5),
        'did you mean "label"?',
        "error",
        "    lable: x",
    )
    assert str(problem) == (
        'a.yaml:3:5: error[unknown-key]: no key "lable"\n'
        "        lable: x\n"
        "        ^^^^^\n"
        '    hint: did you mean "label"?'
    )


@pytest.mark.parametrize(
    ("place", "text"), [(Place("a"), "a"), (Place("a", 2), "a:2"), (Place("a", 2, 7), "a:2:7")]
)
def test_places(place: Place, text: str) -> None:
    assert str(place) == text


def test_a_problem_without_a_place() -> None:
    assert str(Problem("x", "wrong", severity="warning")) == "warning[x]: wrong"


@pytest.mark.parametrize(
    ("kind", "builtin", "exit_code"),
    [
        (errors.DocumentError, ValueError, 2),
        (errors.UnknownName, KeyError, 2),
        (errors.UnitError, TypeError, 2),
        (errors.TableError, ValueError, 2),
        (errors.MissingFile, FileNotFoundError, 2),
        (errors.OutputError, OSError, 2),
        (errors.Infeasible, ArithmeticError, 1),
        (errors.Undetermined, ArithmeticError, 1),
        (errors.NotConverged, ArithmeticError, 1),
        (errors.Imbalance, ArithmeticError, 1),
    ],
)
def test_every_error_is_ours_and_a_builtin(
    kind: type[MfaError], builtin: type[Exception], exit_code: int
) -> None:
    error = kind("first", Problem("other", "second"))
    assert isinstance(error, MfaError)
    assert isinstance(error, builtin)
    assert error.exit_code == exit_code
    assert [p.code for p in error.problems] == [kind.code, "other"]
    assert str(error) == f"error[{kind.code}]: first\nerror[other]: second"


def test_all_errors_have_codes_of_their_own() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, MfaError)]
    assert len({k.code for k in kinds}) == len(kinds)


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("oxyde", ["oxide", "metal"], 'did you mean "oxide"?'),
        ("nd", ["Nd", "Pr"], 'did you mean "Nd"?'),
        ("zzz", ["a", "b"], "known: a, b"),
        ("zzz", [], "there are none"),
        ("zzz", [f"n{i}" for i in range(10)], "known: n0, n1, n2, n3, n4, n5, n6, n7 and 2 more"),
    ],
)
def test_hints(name: str, known: list[str], hint: str) -> None:
    assert did_you_mean(name, known) == hint
