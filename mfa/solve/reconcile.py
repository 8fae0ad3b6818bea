"""The reconciliation itself: sequential quadratic programming on the products, to rows that close.

Each iteration takes sigma from the fitted values, linearises the cells and the losses, solves the bounded
linear problem and steps as far as cost and open rows fall together (:mod:`mfa.solve.descent`). A loss that is
not convex, or not smooth, is reached over others (`Loss.path`). At the end the rows are closed by steps that
spread what is left by the same weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from mfa.errors import Infeasible, NotConverged, Problem
from mfa.solve import active_set
from mfa.solve.acceleration import History
from mfa.solve.active_set import At, Quadratic, Step, forces
from mfa.solve.aggregate import elements_of
from mfa.solve.augmented import Priced, multipliers
from mfa.solve.conflict import explain_infeasible, linear_conflict, relaxed_conflict, row_name
from mfa.solve.degenerate import FORCELESS, leaned_on
from mfa.solve.descent import Descent, closing, merit_of
from mfa.solve.kkt import Ordering, largest, ordering_of
from mfa.solve.losses import L2, Loss, loss_of
from mfa.solve.misfit import Losses, Misfit, deviation, losses_of, straight
from mfa.solve.mixing import bulk_first, has_elements
from mfa.solve.problem import Bools, Floats, LeastSquares
from mfa.solve.separable.form import is_linear
from mfa.solve.separable.solver import in_parts
from mfa.solve.separable.world import has_form
from mfa.solve.sigma import errors_in
from mfa.solve.smallest import smallest
from mfa.solve.solution import Solution
from mfa.solve.standard import SMALL, Standard, standard
from mfa.solve.starts import Ways, best

Progress = Callable[[int, str], None]
CLOSED = 1e-12
ROUGH = 1e-4
"""Tolerance of what is only a start, in sigma."""
ACCEPTED = 1e-9
NEARLY = 0.3
RESCUES = 1
NEAREST, FIRST, FARTHEST = 1e-12, 1e-4, 1e-2
"""Weights of staying near the current point, per squared scale: they make every linearised problem strictly
convex, so that its active set settles, are raised where it does not, and vanish as the steps do (proximal
point method, Rockafellar 1976)."""
DRIFT, VANISHING = 1e-9, 1e-24
"""Unknowns that still move by this share of their size, where no observation does, are held back by that
weight alone: it is lowered until they do not, or sooner where short steps do not get shorter (a clipped
observation pulls on, however far it is)."""
SHORT, ROUNDED = 0.3, 1e-12
"""Step lengths below which the next step is held nearer; the share of the merit that is rounding."""
SLOW = 0.2
"""Share of the step before from which a step near the end is a slow one."""
LISTED = 5
"""Rows that are named where no solution is found."""
RESOLVED = 1e-11
BETWEEN = 1e-2
"""How near the optimum of one loss the next is begun, in sigma."""
WEAKEST = 1e-14
"""A bound's multiplier that is none: so little chi-square per scale."""
ROUNDING, UNNOTICED = 1e-13, 1e-6
"""How far off a bound counts as on it, in scales, and in sigmas of what is reported."""


@dataclass(frozen=True)
class _State:
    """Where the iteration stands: unknowns, duals, active set, penalties of open rows."""

    z: Floats
    dual: Floats
    at: At
    penalty: Floats
    order: Ordering
    history: History = field(default_factory=History)
    near: float = FIRST
    last: Step | None = None
    stage: int = 0
    bent: bool = False
    """Whether steps see the curvature of products."""
    move: float = np.inf
    """The largest move of an observation in the last step, in sigma."""


@dataclass(frozen=True)
class _Local:
    """The linearised problem at a state, with what it was made of."""

    quadratic: Quadratic
    misfit: Misfit
    in_sigma: Floats
    """What turns residuals of the linearised problem into sigmas, or less where one counts less."""
    exact: bool
    """Whether the linearised problem's cost is the misfit's own, as far as fitted values are linear."""


def reconcile(
    problem: LeastSquares,
    *,
    robust: Loss | str = "l2",
    tolerance: float = 1e-9,
    max_iterations: int = 60,
    progress: Progress | None = None,
) -> Solution:
    """The constrained optimum of `problem` under a loss (its name, for its usual parameters).

    Observations that state a loss of their own keep it. Under a loss that is not convex the optimum is a
    local one, the one reached from Huber's. `tolerance` is in units of sigma: the last step moves no observed
    quantity by more. A problem with elements starts from reconciled bulk flows and the mixes that follow from
    them. Raises `Infeasible` with the rows in conflict, `NotConverged` where `max_iterations` do not do.
    """
    report = progress or (lambda iteration, text: None)
    if np.any(problem.lower > problem.upper):
        raise Infeasible(*explain_infeasible(problem))
    settings = _Settings(loss_of(robust) if isinstance(robust, str) else robust, tolerance, max_iterations)
    if isinstance(settings.robust, L2) and has_form(problem):
        found = _in_parts(problem, settings, report)
        if found is not None:
            return found
        report(1, "the parts do not settle one by one: all of it at once")
    conflict = relaxed_conflict(problem)
    if conflict:
        raise Infeasible(*conflict)

    def usual(own: LeastSquares) -> Solution:
        return _from_bulk(own, settings, report)

    if is_linear(problem):
        return usual(problem)
    ways = Ways(
        usual,
        lambda inner: _optimum(inner, settings.rough(), lambda *_: None),
        lambda inner: _optimum(inner, settings, report, warm=True),
    )
    return best(problem, ways, lambda found: _cost(problem, found, settings), report)


def _from_bulk(problem: LeastSquares, settings: _Settings, report: Progress) -> Solution:
    """The optimum from the problem's start, bulk flows reconciled first where there are elements."""
    if not has_elements(problem):
        return _optimum(problem, settings, report)

    def bulk(inner: LeastSquares, warm: bool) -> Solution:
        rough = replace(settings, guess=True, tolerance=max(settings.tolerance, ROUGH))
        return _optimum(inner, rough, lambda *_: None, warm=warm)

    start = bulk_first(problem, bulk, report)
    return _optimum(replace(problem, start=start), settings, report, warm=True)


def _cost(problem: LeastSquares, found: Solution, settings: _Settings) -> float:
    """What the residuals of a solution cost, on the scale of chi-square."""
    form, losses = standard(problem), losses_of(problem.observed, settings.robust)
    misfit = Misfit(errors_in(form), losses.at(losses.stages - 1))
    return 2.0 * misfit.cost(found.fitted[form.counted])


def _in_parts(problem: LeastSquares, settings: _Settings, report: Progress) -> Solution | None:
    """The optimum in separable form; components that do not settle there by the general way."""

    def general(part: LeastSquares) -> Solution | None:
        try:
            return _optimum(part, settings, lambda *_: None)
        except (NotConverged, Infeasible):
            return None

    return in_parts(
        problem,
        tolerance=settings.tolerance,
        max_iterations=settings.max_iterations,
        report=report,
        general=general,
    )


def again(problem: LeastSquares, start: Floats, *, tolerance: float = 1e-9) -> Solution:
    """The least-squares optimum from a point near it; what conflicts is only looked for where it fails."""
    settings = _Settings(loss_of("l2"), tolerance, 60)
    return _optimum(replace(problem, start=start), settings, lambda *_: None, warm=True)


def with_smallest(problem: LeastSquares, solution: Solution, free: Bools, masses: Bools) -> Solution:
    """The solution with those of its `free` unknowns that are `masses` as small as rows and bounds allow.

    Problems in separable form are solved so."""
    if has_form(problem) and bool((solution.weight == 1.0).all()):
        return solution
    settings = _Settings(L2(), ACCEPTED, 60)
    return smallest(
        problem, solution, free, masses, lambda own: _optimum(own, settings, lambda *_: None, warm=True)
    )


@dataclass(frozen=True)
class _Settings:
    """What the caller asks for."""

    robust: Loss
    tolerance: float
    max_iterations: int
    guess: bool = False
    """Whether a first guess is wanted: the first loss of a path, free unknowns where they are, and no word on
    which bounds hold nothing."""

    def rough(self) -> _Settings:
        """What a least-squares guess is made by."""
        return _Settings(L2(), max(self.tolerance, ROUGH), self.max_iterations, guess=True)


def _optimum(problem: LeastSquares, settings: _Settings, report: Progress, *, warm: bool = False) -> Solution:
    """The optimum from the problem's start; a `warm` one is taken as it is, bounds included."""
    form = standard(problem, warm=warm)
    losses = losses_of(problem.observed, settings.robust)
    stages = 1 if settings.guess else losses.stages
    state, rescues = _first(form, warm), 0
    for iteration in range(1, settings.max_iterations + 1):
        local = _local(form, state, losses, first=iteration == 1 and not warm)
        step = active_set.solve(local.quadratic, state.at, state.last)
        if step is None and not local.misfit.squares:
            local = _local(form, state, losses, first=False, smooth=True)
            step = active_set.solve(local.quadratic, state.at)
        if step is not None:
            before, state = state.move, _stepped(form, state, local, step)
            move = state.move
            state = replace(state, bent=_crawls(form, state, before))
            if not local.misfit.squares and 0.5 * before < move < NEARLY and _drift(step, state.z) > DRIFT:
                state = replace(state, near=max(VANISHING, 1e-2 * state.near))
            report(iteration, f"step {move:.1e} sigma, {step.rounds} factorisations")
            if state.stage < stages - 1:
                ready = move <= BETWEEN and _open(form, state.z) <= BETWEEN
                state = replace(state, stage=state.stage + 1, history=History()) if ready else state
            elif move <= settings.tolerance and _open(form, state.z) <= 1e-6:
                if settings.guess or _drift(step, state.z) <= DRIFT or state.near <= VANISHING:
                    return _finish(form, state, local, step, iteration, guess=settings.guess)
                state = replace(state, near=1e-2 * state.near)
        elif state.bent:
            state = replace(state, bent=False, move=np.inf)
        elif state.near < FARTHEST:
            report(iteration, f"the active set does not settle at weight {state.near:.0e}")
            state = replace(state, near=100 * state.near, at=np.zeros_like(state.at))
        elif rescues < RESCUES:
            rescues += 1
            report(iteration, "the active set does not settle: method of multipliers")
            state = _priced(form, state, losses)
        else:
            break
    raise _failure(
        form, state, f"{iteration} iterations, the last moved an observation by {state.move:.1e} sigma"
    )


def _failure(form: Standard, state: _State, how: str) -> Infeasible | NotConverged:
    """Why there is no solution: rows in conflict, rows that stay open, or an iteration that does not settle.

    Only linear rows prove a conflict: those of products hold no longer where they are linearised at another
    point."""
    problem, z = form.problem, state.z
    conflict = explain_infeasible(problem, form.x(z)) if is_linear(problem) else []
    conflict = conflict or linear_conflict(problem)
    if conflict:
        return Infeasible(*conflict)
    open_ = np.abs(form.residual(z)) / _row_size(form, z)
    worst = np.argsort(-open_, kind="stable")[:LISTED]
    rows = [f"{row_name(problem, int(k))} by {open_[k]:.1e}" for k in worst if open_[k] > ACCEPTED]
    if not rows:
        text = f"the reconciliation did not settle: {how}"
        return NotConverged(Problem("not-converged", text, hint=_too_sharp(form, z)))
    more = int(np.count_nonzero(open_ > ACCEPTED)) - len(rows)
    text = (
        f"no point was found at which all rows hold, which does not prove that there is none: {how}; "
        f"open, as a share of its own terms: {', '.join(rows)}" + (f" and {more} more" if more else "")
    )
    return NotConverged(Problem("not-converged", text, hint=_too_sharp(form, z)))


def _too_sharp(form: Standard, z: Floats) -> str:
    """A word on the sharpest report where its sigma is less than numbers of its size resolve."""
    fitted = form.fitted(z)
    size = np.maximum(np.abs(fitted), np.abs(form.reports))
    share = np.where(size > 0, errors_in(form).sigma(fitted) / np.where(size > 0, size, 1.0), 1.0)
    k = int(np.argmin(share)) if len(share) else -1
    if k < 0 or share[k] > RESOLVED:
        return ""
    name = form.problem.observed.rows.name(int(form.counted[k]))
    return f"the error of {name} is {share[k]:.0e} of its value: sd: 0 says that it is exact"


def _first(form: Standard, warm: bool) -> _State:
    """The starting state; a warm one has the active set that its point says."""
    zero = np.zeros(len(form.rhs))
    cells = form.cell_jacobian(form.start)
    pulls = form.pull_jacobian(cells, errors_in(form).sigma(form.reports))
    elements = elements_of(form.problem, len(form.lower), len(form.rhs))
    order = ordering_of(pulls, form.row_jacobian(cells), form.block, elements)
    at = np.zeros(len(form.lower), dtype=np.int8)
    if warm:
        at[form.start <= form.lower] = -1
    return _State(form.start, zero, at, zero, order, near=NEAREST if warm else FIRST)


def _priced(form: Standard, state: _State, losses: Losses) -> _State:
    """A state near the optimum by the method of multipliers."""
    misfit = Misfit(errors_in(form), losses.at(state.stage))

    def linearise(z: Floats, dual: Floats, soft: Floats) -> Quadratic:
        at = replace(state, z=z, dual=dual)
        return replace(_local(form, at, losses, first=False, smooth=True).quadratic, soft=soft)

    found = multipliers(
        Priced(
            form.lower,
            form.upper,
            lambda z: misfit.cost(form.fitted(z)),
            form.residual,
            lambda z: _row_size(form, z),
            linearise,
        ),
        state.z,
    )
    return replace(state, z=found.z, dual=found.dual, at=found.at, near=FIRST)


def _local(form: Standard, state: _State, losses: Losses, *, first: bool, smooth: bool = False) -> _Local:
    """The linearised problem at `state`; before anything is fitted, sigma is that of the reports."""
    fitted = form.fitted(state.z)
    misfit = Misfit(errors_in(form), losses.at(state.stage))
    misfit = straight(misfit) if first else misfit
    see = misfit.smooth if smooth else misfit.local
    local = see(fitted, near=state.move < NEARLY)
    cells = form.cell_jacobian(state.z)
    force = form.rows.T @ state.dual
    force += form.pulls.T @ (np.clip(local.pulled, -local.clip, local.clip) * local.root / local.sigma)
    quadratic = Quadratic(
        pulls=form.pull_jacobian(cells, local.sigma / local.root),
        rows=form.row_jacobian(cells),
        pulled=local.pulled,
        dual=state.dual,
        residual=form.residual(state.z),
        lower=form.lower - state.z,
        upper=form.upper - state.z,
        order=state.order,
        near=state.near,
        clip=local.clip,
        bent=form.curvature(force) if state.bent else None,
    )
    exact = misfit.exact and not smooth
    return _Local(quadratic, misfit, 1.0 / np.maximum(local.root, 1.0), exact)


def _open(form: Standard, z: Floats) -> float:
    """The worst row, relative to the sum of its own absolute terms."""
    return float(np.max(np.abs(form.residual(z)) / _row_size(form, z), initial=0.0))


def _row_size(form: Standard, z: Floats) -> Floats:
    typical = form.magnitude(np.ones_like(z))
    size = np.maximum(form.magnitude(z) + 1e-6 * SMALL * typical, form.problem.floor)
    return np.where(size > 0, size, 1.0)


def _drift(step: Step, z: Floats) -> float:
    """The largest move of an unknown, in scales or relative to its own size."""
    return float(np.max(np.abs(step.d) / (1.0 + np.abs(z)), initial=0.0))


def _stepped(form: Standard, state: _State, local: _Local, step: Step) -> _State:
    """The state after as much of `step` as the merit allows, accelerated near the end."""
    wanted = np.abs(state.dual + step.dual)
    penalty = np.maximum(1.5 * wanted, np.minimum(state.penalty, 10 * wanted))
    merit = merit_of(form, local.misfit, state.z, penalty)
    now = merit(state.z)
    seen = local.quadratic
    fall = seen.cost(seen.pulled) - seen.cost(seen.pulled + step.pulled)
    fall += float(penalty @ np.abs(seen.residual))
    t, d = Descent(merit, now, fall, local.exact).along(form, state.z, step)
    z, dual = np.clip(state.z + d, form.lower, form.upper), state.dual + t * step.dual
    moved, near = local.in_sigma * step.pulled, _nearer(state.near, t)
    move = float(np.max(np.abs(moved), initial=0.0))
    after = replace(state, z=z, dual=dual, at=step.at, penalty=penalty, near=near, last=step, move=move)
    if t < 1.0 or move >= NEARLY or np.any(step.at != state.at):
        return replace(after, history=History())
    history = state.history.after(np.concatenate([z, dual]), moved)
    best = history.accelerated()
    ahead = np.clip(best[: len(z)], form.lower, form.upper)
    here = merit(z)
    if not local.exact and merit(ahead) > here + ROUNDED * (1 + abs(here)):
        return replace(after, history=history)
    return replace(after, z=ahead, dual=best[len(z) :], history=history)


def _crawls(form: Standard, state: _State, before: float) -> bool:
    """Whether the curvature of products is wanted: where steps near the end do not fall off fast without."""
    crawls = state.move < NEARLY and (state.bent or state.move > SLOW * before)
    return crawls and not is_linear(form.problem)


def _nearer(near: float, t: float) -> float:
    """The next weight of staying near: less after a full step, more after a short one."""
    if t < SHORT:
        return min(10 * near, FARTHEST)
    return near if t < 1.0 else max(min(NEAREST, near), 0.1 * near)


def _finish(
    form: Standard, state: _State, local: _Local, step: Step, iterations: int, *, guess: bool
) -> Solution:
    z = state.z
    for _ in range(8):
        if _open(form, z) <= CLOSED:
            break
        better = np.clip(z + closing(form, step, z), form.lower, form.upper)
        if _open(form, better) >= _open(form, z):
            break
        z = better
    z = _snapped(form, z, local)
    if not guess and _open(form, z) > ACCEPTED:
        raise _failure(form, replace(state, z=z), "a row does not close")
    active = step.at if guess else _held(form, z, step, local.quadratic)
    return replace(_solution(form, replace(state, z=z), step, local, iterations), active=active)


def _snapped(form: Standard, z: Floats, local: _Local) -> Floats:
    """`z` with what is a rounding error off a bound put on it, where the rows allow and no report notices."""
    noticed = largest(local.quadratic.pulls, 0)
    near = np.minimum(ROUNDING, UNNOTICED / np.maximum(noticed, UNNOTICED))
    on_low, on_high = z - form.lower < near, form.upper - z < near
    snapped = np.where(on_low, form.lower, np.where(on_high, form.upper, z))
    return snapped if _open(form, snapped) <= max(_open(form, z), CLOSED) else z


def _held(form: Standard, z: Floats, step: Step, quadratic: Quadratic) -> At:
    """The bounds that hold at the solution `z`."""
    side = np.where(z <= form.lower, -1, np.where(z >= form.upper, 1, step.at)).astype(np.int8)
    moves = ~quadratic.never_free
    force = np.abs(step.bound) > FORCELESS * forces(quadratic, step) + WEAKEST
    return leaned_on(quadratic.rows, np.where(moves, side, step.at), force, moves)


def _solution(form: Standard, state: _State, step: Step, local: _Local, iterations: int) -> Solution:
    problem = form.problem
    x = np.clip(form.x(state.z), problem.lower, problem.upper)
    q = problem.cells.value(x)
    fitted = np.asarray(problem.observed.rows.matrix @ q)
    sigma = problem.observed.sigma(fitted)
    sigma[form.counted] = errors_in(form).sigma(fitted[form.counted])
    off = deviation(problem.observed, fitted, sigma)
    exact = len(problem.exact)
    return Solution(
        x=x,
        q=q,
        sigma=sigma,
        fitted=fitted,
        deviation=off,
        weight=local.misfit.information(fitted[form.counted]),
        order=state.order,
        iterations=iterations,
        chi2=float(np.sum(off[form.counted] ** 2)),
        exact_multipliers=state.dual[:exact],
        limit_multipliers=state.dual[exact:],
        active=step.at,
        bound_multipliers=step.bound / form.scale,
    )
