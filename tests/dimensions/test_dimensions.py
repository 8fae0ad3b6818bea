"""Every set of dimensions with every form of what varies over them: the dense twin's answer, or a refusal."""

from __future__ import annotations

from collections import Counter

from tests.dimensions.agreement import BESIDE, KNOWN, disagreement
from tests.dimensions.documents import CHOICES, sample

N = 32
"""`python -m tests.bench.dimensions` goes through many more, or all."""


def test_a_sample_of_all_combinations_agrees_with_its_dense_twin() -> None:
    found = {case: disagreement(case, drawn=k % 16 == 0) for k, case in enumerate(sample(N))}
    wrong = {case: text for case, text in found.items() if text not in KNOWN}
    assert not wrong
    count = Counter(found.values())
    assert count[""] > N / 3
    assert count[BESIDE] < N / 4


def test_the_sample_has_every_choice() -> None:
    chosen = sample(N)
    for name, choices in CHOICES.items():
        assert {getattr(case, name) for case in chosen} == {*choices}
