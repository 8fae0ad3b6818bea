"""The one bridge from documents and tables to the system and the solver's problem."""

from __future__ import annotations

from mfa.build.builder import Builder
from mfa.build.model import Model
from mfa.errors import InputError, Problem
from mfa.spec.resolve import Document

__all__ = ["Model", "build", "check"]


def build(document: Document) -> Model:
    """The model of a document that passed its checks; raises InputError with every problem found."""
    builder = _placed(document)
    if builder.failed:
        raise InputError(*(p for p in builder.problems if p.severity == "error"))
    return builder.model()


def check(document: Document) -> list[Problem]:
    """Every problem of the tables a document reads, and of what they say about its system."""
    return _placed(document).problems


def _placed(document: Document) -> Builder:
    builder = Builder(document)
    if builder.read():
        builder.place()
    return builder
