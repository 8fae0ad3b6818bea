"""What every problem code means, for `mfa explain CODE`."""

from __future__ import annotations

from collections.abc import Mapping

from mfa.errors import UnknownName, did_you_mean
from mfa.spec.codes import (
    data,
    grammar,
    labels,
    names,
    numbers,
    reading,
    results,
    stocks,
    system,
)
from mfa.spec.codes.entry import Entry

__all__ = ["CODES", "Entry", "explain"]

CODES: Mapping[str, Entry] = {
    **reading.ENTRIES,
    **grammar.ENTRIES,
    **names.ENTRIES,
    **labels.ENTRIES,
    **numbers.ENTRIES,
    **system.ENTRIES,
    **stocks.ENTRIES,
    **data.ENTRIES,
    **results.ENTRIES,
}
"""Code -> what it means, why it matters, how to mend it, and an example."""


def explain(code: str) -> str:
    """The paragraph on a problem code; raises UnknownName for a code that does not exist.

    >>> print(explain("two-rests").splitlines()[0])
    two-rests
    """
    if code not in CODES:
        raise UnknownName(f'there is no problem code "{code}"; {did_you_mean(code, CODES)}')
    return f"{code}\n\n{CODES[code]}\n"
