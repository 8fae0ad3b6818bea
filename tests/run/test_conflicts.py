"""Contradictions of a scenario: which rows, as equations, and where they were written."""

from __future__ import annotations

from pathlib import Path

import pytest

import mfa
from mfa.errors import Infeasible

BASE = """\
mfa: 1
name: conflict
processes: {in: {kind: source}, p: {}, q: {}, out: {kind: sink}}
flows:
  a: {from: in, to: p}
  b: {from: p, to: q}
  c: {from: p, to: out}
  d: {from: q, to: out}
"""


def told(folder: Path, text: str) -> list[tuple[str, str, int]]:
    """Text, hint and line of every problem."""
    path = folder / "conflict.yaml"
    path.write_text(BASE + text, encoding="utf-8")
    with pytest.raises(Infeasible) as caught:
        mfa.run(path)
    return [(p.text, p.hint, p.where.line if p.where else 0) for p in caught.value.problems]


def test_exact_reports_that_do_not_add_up(tmp_path: Path) -> None:
    reports = """\
observations:
  ra: {of: a, value: 10, sd: 0}
  rb: {of: b, value: 6, sd: 0}
  rc: {of: c, value: 5, sd: 0}
"""
    why = "; these cannot all hold; relax one, or give a balance a statistical difference"
    assert told(tmp_path, reports) == [
        ("balance of p", "a - b - c = 0", 0),
        ("ra (scenario, as stated) exactly", "a = 10", 10),
        ("rb (scenario, as stated) exactly", "b = 6", 11),
        ("rc (scenario, as stated) exactly", "c = 5" + why, 12),
    ]


def test_limits_that_leave_no_room(tmp_path: Path) -> None:
    limits = """\
transfers: {p: {b: 0.4, c: 0.6}}
observations:
  ra: {of: a, value: 10, sd: 1}
constraints:
  cap: {of: b, max: 3}
  floor: {of: d, min: 5}
"""
    assert [(text, hint.split(";")[0], line) for text, hint, line in told(tmp_path, limits)] == [
        ("balance of q", "b - d = 0", 0),
        ("limit constraints.cap.max", "b <= 3", 13),
        ("limit constraints.floor.min", "d >= 5", 14),
    ]


def test_a_bound_that_takes_part_is_named_last(tmp_path: Path) -> None:
    shares = """\
transfers: {p: {b: {value: 0.4, sd: 0.01}, c: rest}}
observations:
  ra: {of: a, value: 10, sd: 0}
  rc: {of: c, value: 12, sd: 0}
"""
    assert [text for text, _, _ in told(tmp_path, shares)][-1] == "b at least 0"


def test_a_row_that_follows_from_others_is_no_conflict(tmp_path: Path) -> None:
    text = """\
transfers: {p: {b: 0.4, c: 0.6}}
constraints:
  same: {of: {a: 1, b: -1, c: -1}, equal: 0}
observations:
  ra: {of: a, value: 10, sd: 1}
"""
    (tmp_path / "conflict.yaml").write_text(BASE + text, encoding="utf-8")
    result = mfa.run(tmp_path / "conflict.yaml")
    assert float(result.flow("b")) == pytest.approx(4)
    assert float(result.sd("b")) == pytest.approx(0.4)
