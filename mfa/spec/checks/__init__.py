"""All checks of a document that need no solve: `check(document) -> list[Problem]`, all run always."""

from __future__ import annotations

from collections.abc import Collection

from mfa.errors import Problem
from mfa.spec.checks.registry import CHECKS, Check
from mfa.spec.document import Document
from mfa.spec.tree import Steps

__all__ = ["CHECKS", "Check", "run_checks"]


def run_checks(document: Document, lost: Collection[Steps] = ()) -> list[Problem]:
    """What every check finds; `lost` are the paths of what validation refused and took away.

    Consequences of a refusal are not reported as further mistakes: a check that needs a section which lost
    something is left out, and so is a problem with an entry as a whole that lost a part.
    """
    sections = {steps[0] for steps in lost}
    entries = {document.place(*steps[:2]) for steps in lost} - {None}
    ready = [check for check in CHECKS if not check.needs & sections]
    return [p for check in ready for p in check.run(document) if p.where not in entries or p.where is None]
