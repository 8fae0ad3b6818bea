"""Stocks that fall faster than cohorts leave: period by period, for the series concerned only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mfa.core.lifetime.ageing import table
from mfa.core.stock.cohorts import Cohorts

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CELLS = 4_000_000
"""Survival values held at a time."""


@dataclass
class March:
    """The state while periods are gone through: amounts as if nothing had been retired, and shares kept."""

    entered: Floats
    effective: Floats
    levels: Floats
    kept: Floats


def shrink(
    cohorts: Cohorts, levels: Floats, left: Floats, initial: Floats, chosen: Ints, *, retire: bool
) -> tuple[Cohorts, Floats]:
    """Cohorts and levels with no negative inflow in the chosen series; writes their outflow into `left`.

    Where the cohorts left over exceed the level asked for, nothing enters; with `retire` all cohorts are
    scaled to the level, else the level stays at what is left.
    """
    engine = cohorts.engine
    entered, levels = cohorts.entered.copy(), levels.copy()
    kept = np.ones((engine.periods, len(engine.index)))
    size = max(1, CELLS // engine.ageing.periods**2)
    for start in range(0, len(chosen), size):
        some = chosen[start : start + size]
        own, which = np.unique(engine.index[some], return_inverse=True)
        keep = table(engine.ageing.part(own))[:, :, which]
        state = March(entered[:, some], entered[:, some].copy(), levels[:, some], kept[:, some])
        _march(state, keep, engine.first, retire)
        entered[:, some], levels[:, some], kept[:, some] = state.entered, state.levels, state.kept
        before = np.concatenate([initial[None, some], state.levels[:-1]])
        left[:, some] = np.maximum(before + state.entered[engine.first :] - state.levels, 0.0)
    return replace(cohorts, entered=entered, kept=kept if retire else None), levels


def _march(state: March, keep: Floats, first: int, retire: bool) -> None:
    for t in range(len(state.levels)):
        row = t + first
        old = np.einsum("cn,cn->n", keep[row, :row], state.effective[:row])
        need = state.levels[t] - old
        short = need < 0.0
        fresh = np.where(short, 0.0, need / keep[row, row])
        state.entered[row] = state.effective[row] = fresh
        if retire:
            share = np.divide(state.levels[t], old, out=np.ones_like(old), where=short)
            state.kept[t] = share
            state.effective[:row] *= share
        else:
            state.levels[t] = np.where(short, old, state.levels[t])
