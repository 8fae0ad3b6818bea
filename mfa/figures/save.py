"""Figures as bytes and files: the same bytes at every run."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from matplotlib.figure import Figure

from mfa.errors import UnknownName, did_you_mean
from mfa.figures.style import styled

_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
METADATA = MappingProxyType(
    {
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        "png": {"Software": None},
    }
)
"""Format -> the metadata that would differ between runs or versions, left out."""


def to_bytes(figure: Figure, kind: str) -> bytes:
    """A figure as the bytes of an `svg`, `pdf` or `png` file; raises UnknownName for another format."""
    if kind not in METADATA:
        raise UnknownName(f'figures are not written as "{kind}"; {did_you_mean(kind, METADATA)}')
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format=kind, metadata=METADATA[kind])
    drawn = buffer.getvalue()
    # matplotlib writes texts as comments beside their outlines, and XML knows no control characters
    return _NOT_XML.sub(b"?", drawn) if kind == "svg" else drawn


def write(figure: Figure, folder: Path, name: str, formats: Sequence[str]) -> list[Path]:
    """The files of one figure, one for each format."""
    paths = []
    for kind in formats:
        path = folder / f"{name}.{kind}"
        path.write_bytes(to_bytes(figure, kind))
        paths.append(path)
    return paths
