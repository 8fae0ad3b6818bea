"""What the rest determines, left out of the factors: by hand, and beside the factors of the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from mfa.solve import active_set, determined, kkt
from mfa.solve.aggregate import Aggregated, Elements, aggregated, elements_of
from mfa.solve.problem import Bools, Floats, Ints, LeastSquares
from mfa.solve.reconcile import reconcile
from mfa.solve.standard import standard
from tests.solve.test_mixing import markets
from tests.solve.worlds import world


def linearised(problem: LeastSquares, x: Floats) -> tuple[sparse.csr_array, sparse.csr_array, kkt.Ordering]:
    """Observations in sigma, rows, and how to eliminate, at `x`."""
    form = standard(problem, warm=True)
    cells = form.cell_jacobian(x / problem.scale)
    fitted = problem.observed.rows.matrix @ problem.cells.value(x)
    pulls, rows = form.pull_jacobian(cells, problem.observed.sigma(fitted)), form.row_jacobian(cells)
    elements = elements_of(problem, len(form.lower), len(form.rhs))
    return pulls, rows, kkt.ordering_of(pulls, rows, form.block, elements)


@pytest.fixture(scope="module")
def small() -> tuple[LeastSquares, Floats]:
    made = world(years=2, regions=6, miners=3)
    return made.problem, made.truth


def loose_in(pulls: sparse.csr_array) -> Bools:
    return np.asarray(abs(pulls).sum(axis=0) == 0).ravel()


def places(problem: LeastSquares, word: str) -> Ints:
    return np.array([k for k in range(len(problem)) if problem.name(k).startswith(word)])


def summed(problem: LeastSquares, x: Floats) -> tuple[Aggregated, sparse.csr_array, Elements]:
    pulls, rows, order = linearised(problem, x)
    assert order.elements is not None
    return aggregated(rows, order.elements, loose_in(pulls)), rows, order.elements


def test_bulk_balances_take_the_place_of_sums_and_hold_no_mix(small: tuple[LeastSquares, Floats]) -> None:
    problem, truth = small
    new, rows, _ = summed(problem, truth)
    names = [problem.exact.name(k) for k in range(len(problem.exact))]
    changed = np.flatnonzero(abs(new.rows - rows).sum(axis=1) > 0)
    assert {names[k] for k in changed} == {n for n in names if n.startswith("mix") and n.endswith("1")}
    assert not set(new.rows[changed].indices) & {*places(problem, "mix"), *places(problem, "enters")}
    assert np.linalg.matrix_rank(new.by.toarray()) == len(problem.exact)
    size = abs(new.by) @ abs(rows)
    off = abs(new.by @ rows - new.rows)
    assert np.all(off.toarray() <= 1e-10 * size.toarray())


def test_a_closed_market_keeps_the_sum_of_its_mix() -> None:
    problem = markets(closed=True)
    x = problem.start.copy()
    x[problem.cells.i[np.flatnonzero(problem.cells.j >= 0)]] = 50.0
    for name in ("passed", "sold 2"):
        x[places(problem, name)] = 0.0
    new, rows, elements = summed(problem, x)
    closed = next(int(k) for k in elements.sums if problem.exact.name(int(k)) == "m2 sums to 1")
    assert abs(new.rows[[closed]] - rows[[closed]]).sum() == 0
    assert np.linalg.matrix_rank(new.by.toarray()) == len(problem.exact)


@pytest.mark.parametrize(("seen", "changed"), [("mix 0 0 3", 12), ("mix 0 0", 11)])
def test_a_mix_that_is_observed_in_all_its_parts_keeps_its_sum(
    small: tuple[LeastSquares, Floats], seen: str, changed: int
) -> None:
    problem, truth = small
    pulls, rows, order = linearised(problem, truth)
    assert order.elements is not None
    loose = loose_in(pulls)
    loose[places(problem, seen)] = False
    new = aggregated(rows, order.elements, loose)
    replaced = {problem.exact.name(int(k)) for k in np.flatnonzero(abs(new.rows - rows).sum(axis=1) > 0)}
    assert len(replaced) == changed
    assert ("mix 0 0 sums to 1" in replaced) == (changed == 12)


def test_elements_that_are_observed_stay_with_the_rest(small: tuple[LeastSquares, Floats]) -> None:
    problem, truth = small
    pulls, rows, order = linearised(problem, truth)
    assert order.elements is not None
    grade = sparse.csr_array(([1e3], ([0], places(problem, "mix 0 0 3"))), shape=(1, len(problem)))
    more = sparse.csr_array(sparse.vstack([pulls, grade]))
    added = with_the_rest(problem, more, rows, order) - with_the_rest(problem, pulls, rows, order)
    assert "mix 0 0 3" in added
    assert added <= {problem.name(k) for k in range(len(problem)) if problem.name(k).endswith(" 3")}


def with_the_rest(
    problem: LeastSquares, pulls: sparse.csr_array, rows: sparse.csr_array, order: kkt.Ordering
) -> set[str]:
    """The names of the unknowns that are not factorised apart."""
    assert order.elements is not None
    n = len(problem)
    made = determined.reduced(pulls, rows, order.elements, np.zeros(n, dtype=bool), np.full(n, 1e-8))
    assert made is not None
    assert isinstance(made.factors, determined.Reduced)
    return {problem.name(int(k)) for k in made.factors.outer if k < n}


def test_what_rows_determine_and_what_holds_more() -> None:
    """Unknowns 1 and 2 follow from the seen unknown 0, 3 from nothing; two rows hold 4, which pulls at 0."""
    rows = np.array([[1, 1, 0, 0, 0], [0, 1, -1, 0, 0], [0, 0, 1, 1, 0], [1, 0, 0, 0, 1], [0, 0, 0, 0, 1]])
    unknowns, own = determined.determined(sparse.csr_array(rows * 1.0), np.array([False, *[True] * 4]))
    assert unknowns.tolist() == [False, True, True, True, False]
    assert own.tolist() == [True, True, True, False, False]


@pytest.mark.parametrize("near", [1e-8, 1e-12])
def test_the_parts_solve_what_the_whole_solves(small: tuple[LeastSquares, Floats], near: float) -> None:
    problem, truth = small
    pulls, rows, order = linearised(problem, truth)
    assert order.elements is not None
    n, random = len(problem), np.random.default_rng(1)
    fixed, weight = np.zeros(n, dtype=bool), np.full(n, near)
    fixed[places(problem, "swarf 0 1")] = True
    fixed[places(problem, "trade")[:2]] = True
    parts = determined.reduced(pulls, rows, order.elements, fixed, weight)
    assert parts is not None
    assert isinstance(parts.factors, determined.Reduced)
    assert len(parts.factors.outer) < 0.3 * len(parts.unit)
    whole = kkt.factorise(pulls, rows, order, fixed=fixed, diagonal=weight)
    closing = rows @ (random.normal(size=n) * ~fixed)
    rhs = np.concatenate([np.zeros(n), random.normal(size=pulls.shape[0]), closing])
    found, wanted = parts.solve(rhs), whole.solve(rhs)
    assert parts.error(rhs, found) < 1e-14
    np.testing.assert_allclose(found[:n], wanted[:n], rtol=1e-6, atol=1e-8 * np.abs(wanted[:n]).max())
    both = np.column_stack([rhs, 2 * rhs])
    np.testing.assert_allclose(parts.solve(both)[:n, 1], 2 * found[:n], rtol=1e-6, atol=1e-6)


def test_parts_that_are_held_too_hard_are_not_taken(small: tuple[LeastSquares, Floats]) -> None:
    problem, truth = small
    pulls, rows, order = linearised(problem, truth)
    assert order.elements is not None
    fixed = np.zeros(len(problem), dtype=bool)
    assert determined.reduced(pulls, rows, order.elements, fixed, np.full(len(problem), 1e-2)) is None


def test_the_answer_is_that_of_the_whole(
    small: tuple[LeastSquares, Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, _ = small
    asked: list[bool] = []
    through = determined.reduced

    def counted(*given: object) -> kkt.Kkt | None:
        found = through(*given)  # type: ignore[arg-type]
        asked.append(found is not None)
        return found

    monkeypatch.setattr(determined, "reduced", counted)
    found = reconcile(problem)
    assert any(asked)
    monkeypatch.setattr(determined, "reduced", lambda *_: None)
    whole = reconcile(problem)
    assert found.chi2 == pytest.approx(whole.chi2, rel=1e-10)
    np.testing.assert_allclose(found.x, whole.x, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(found.active, whole.active)


def test_a_solution_that_refinement_does_not_make_good_is_made_anew(
    small: tuple[LeastSquares, Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, truth = small
    pulls, rows, order = linearised(problem, truth)
    fixed, rhs = (
        np.zeros(len(problem), dtype=bool),
        np.ones(len(problem) + sum(m.shape[0] for m in (pulls, rows))),
    )
    wrong = replace(kkt.factorise(2 * pulls, 3 * rows, order, fixed=~fixed))
    monkeypatch.setattr(determined, "reduced", lambda *_: wrong)
    made, _ = determined.solved(pulls, rows, order, rhs, fixed=fixed, diagonal=np.full(len(problem), 1e-8))
    assert made is not wrong


def test_active_set_rounds_use_the_parts(small: tuple[LeastSquares, Floats]) -> None:
    problem, truth = small
    pulls, rows, order = linearised(problem, truth)
    n, m, k = len(problem), pulls.shape[0], rows.shape[0]
    room = -truth / problem.scale, np.full(n, np.inf)
    quadratic = active_set.Quadratic(
        pulls, rows, np.ones(m), np.zeros(k), np.zeros(k), *room, order, near=1e-8
    )
    step = active_set.solve(quadratic)
    assert step is not None
    assert isinstance(step.kkt.factors, determined.Reduced)
    plain = active_set.solve(replace(quadratic, order=replace(order, elements=None)))
    assert plain is not None
    np.testing.assert_allclose(pulls @ step.d, pulls @ plain.d, rtol=1e-6, atol=1e-8)
