"""Results over every set of dimensions beside those of a dense twin: `python -m tests.bench.dimensions [N]`.

About N cases (2,000) spread over all, in five minutes or so; `--all` goes through all of them, which takes
most of a day. Prints how many agree, are refused, or lie beside a bound (where the twin has no answer), and
every case that disagrees.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tests.dimensions.agreement import KNOWN, disagreement
from tests.dimensions.documents import cases, sample

FIGURES = 40
"""Of every so many cases the figures are drawn."""


def main() -> int:
    """Zero where all agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", nargs="?", type=int, default=2000)
    parser.add_argument("--all", action="store_true")
    asked = parser.parse_args()
    count: Counter[str] = Counter()
    for k, case in enumerate(cases() if asked.all else sample(asked.n)):
        said = disagreement(case, drawn=k % FIGURES == 0)
        known = said in KNOWN
        count[said or "agree" if known else "DISAGREE"] += 1
        if not known:
            print(f"{case}\n    {said}")
    print(", ".join(f"{n:,} {what}" for what, n in count.most_common()))
    return 1 if count["DISAGREE"] else 0


if __name__ == "__main__":
    sys.exit(main())
