"""Codes of problems with names."""

from __future__ import annotations

from mfa.spec.codes.entry import Entry

ENTRIES = {
    "unknown-name": Entry(
        """Something is named that nothing in the scenario has: a process, a flow, a source, a basis. A
        number that speaks about nothing would not count, so it is refused. Correct the name, or add
        what it names.""",
        "observations:\n  production: {of: mined, value: 210 kt, cv: 10%}",
    ),
    "duplicate-name": Entry(
        """Two things share a name where a name must say which is meant: a flow, a trade and a stock; a
        basis and an element. Rename one.""",
        "trade: {oxide_trade: {at: oxides}}   # not another `oxides`",
    ),
    "unused": Entry(
        """A commodity has a composition or a content, and no flow and no trade carries it. Its numbers
        count for nothing; most often one of the two names is misspelt. This is a warning.""",
        "mined: {from: mine, to: oxides, commodity: concentrate}",
    ),
    "compound": Entry(
        """A basis gives an element something that is not the formula of a compound of it. The
        formula decides how much of the compound's mass is the element.""",
        "bases: {REO: {La: La2O3, Ce: CeO2}}",
    ),
    "basis-gap": Entry(
        """A basis has no compound for some elements of the dimension, so that they do not count in
        it. This is a warning.""",
        "bases: {REO: {La: La2O3, Ce: CeO2}}",
    ),
    "derived-circle": Entry(
        """An observation is derived from itself, directly or by way of others. `derived_from` names
        what a figure was made from, so that one piece of evidence counts once.""",
        "myanmar: {of: mined, value: 40 kt, cv: 20%, derived_from: china_imports}",
    ),
}
