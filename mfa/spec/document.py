"""A resolved document: the validated scenario, and where everything in it was written."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mfa.errors import Place, Problem, Severity
from mfa.spec.fullform import full_form, lines
from mfa.spec.schema import Scenario
from mfa.spec.tree import Step, Tree


@dataclass(frozen=True, repr=False)
class Document:
    """A scenario with its imports merged, its variant and settings applied, its models validated.

    `files` are the main file and then what it imports, each with the SHA-256 of its bytes in `digests`;
    `warnings` are what the checks found and let pass.
    """

    spec: Scenario
    origin: Tree = field(repr=False)
    files: tuple[Path, ...] = ()
    variant: str | None = None
    warnings: tuple[Problem, ...] = field(default=(), repr=False)
    digests: Mapping[Path, str] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        variant = f", variant {self.variant!r}" if self.variant else ""
        return f"Document({self.spec.name!r}{variant}: {self._counts()})"

    def _repr_html_(self) -> str:
        title = html.escape(self.spec.title or self.spec.name)
        return f"<p><b>mfa.Document</b> {title}: {self._counts()}</p><pre>{html.escape(self.text())}</pre>"

    def _counts(self) -> str:
        sections = ("processes", "flows", "trade", "stocks", "observations", "drivers")
        counts = {s: len(getattr(self.spec, s)) for s in sections}
        return ", ".join(f"{n} {s}" for s, n in counts.items() if n)

    @property
    def tree(self) -> Mapping[Any, Any]:
        """The merged plain data after variant and settings."""
        return self.origin.data

    @property
    def home(self) -> Path:
        """The folder of the main file (the current folder for a document made in Python)."""
        return self.files[0].parent.absolute() if self.files else Path.cwd()

    def place(self, *path: Step) -> Place | None:
        """Where a value is written: its own place, else that of its closest ancestor; None without a file."""
        return self.origin.place(path)

    def problem(
        self,
        code: str,
        text: str,
        *path: Step,
        hint: str = "",
        severity: Severity = "error",
        key: bool = False,
    ) -> Problem:
        """A problem at a path, with its place and source line; `key` points at the key, not the value."""
        return self.origin.problem(code, text, path, hint=hint, severity=severity, key=key)

    def folder(self, *path: Step) -> Path:
        """The folder of the file in which a value is written: relative paths in it start there."""
        place = self.origin.place(path)
        return self.origin.folders.get(place.file, self.home) if place else self.home

    @cached_property
    def full(self) -> dict[Any, Any]:
        """The resolved document as plain data in full form, paths of tables relative to `home`."""
        return full_form(self.spec, lambda steps: self.folder(*steps), self.home)

    @cached_property
    def _text(self) -> str:
        return "".join(f"{line}\n" for _, line in lines(self.full))

    def text(self) -> str:
        """The resolved document as canonical YAML: full form, defaults filled in, no machine's own paths."""
        return self._text

    @cached_property
    def identity(self) -> str:
        """The sha256 of `text()`."""
        return hashlib.sha256(self.text().encode()).hexdigest()
