"""The one bridge from documents and tables to the system and the solver's problem."""

from __future__ import annotations

from mfa.build.builder import Builder
from mfa.build.model import Model
from mfa.errors import InputError, Problem
from mfa.spec.resolve import Document

__all__ = ["Model", "build", "prepare"]


def build(document: Document) -> Model:
    """The model of a document that passed its checks; raises InputError with every problem found."""
    model, problems = prepare(document)
    if model is None:
        raise InputError(*(p for p in problems if p.severity == "error"))
    return model


def prepare(document: Document) -> tuple[Model | None, list[Problem]]:
    """The model and every problem of the tables it reads; no model where one of them is an error."""
    builder = Builder(document)
    model = builder.make() if builder.read() else None
    failed = any(p.severity == "error" for p in builder.problems)
    return None if failed else model, builder.problems
