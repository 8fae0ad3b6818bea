"""The Python interface: what is public, what importing it costs, what it raises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mfa
from mfa.errors import DocumentError, MissingFile
from tests.build.documents import CHAIN, solved

PUBLIC = {
    *("Document", "Lifetime", "MfaError", "Result", "System"),
    *("load", "open_result", "run", "stock", "__version__"),
}


def test_public_names() -> None:
    assert set(mfa.__all__) == PUBLIC
    assert all(getattr(mfa, name) is not None for name in PUBLIC)
    assert set(dir(mfa)) == PUBLIC
    with pytest.raises(AttributeError, match="nothing"):
        mfa.nothing  # noqa: B018


def test_importing_loads_no_numpy() -> None:
    code = "import sys, mfa; print([m for m in ('numpy', 'pandas', 'pydantic', 'click') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("first", ["mfa.load", "__import__('mfa.run.result')"])
def test_run_is_the_function_whatever_was_imported_before(first: str) -> None:
    code = f"import mfa\n{first}\nfrom mfa.run.store import save\nprint(mfa.run.__module__, mfa.run.__name__)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "mfa.api run"


def test_run_takes_what_load_takes(tmp_path: Path) -> None:
    said: list[str] = []
    assert mfa.run(CHAIN, progress=said.append).name == "chain"
    assert any("solving for" in text for text in said)
    document = mfa.load(CHAIN, set={"observations.dug.value": 4})
    assert float(mfa.run(document).flow("ore")[0, 0]) == pytest.approx(4000)


def test_a_result_comes_back_from_its_folder(tmp_path: Path) -> None:
    result = solved()
    again = mfa.open_result(result.save(tmp_path / "out"))
    assert again.flow("metal").identical(result.flow("metal"))
    assert again.status("metal").identical(result.status("metal"))
    assert dict(again.facts) == {**result.facts, "order": tuple(result.facts["order"])}
    assert again.observations["adjusted"].tolist() == pytest.approx(result.observations["adjusted"].tolist())
    assert "mfa.Result" in again._repr_html_()


def test_what_is_wrong_is_raised_with_its_kind() -> None:
    with pytest.raises(MissingFile, match="did you mean"):
        mfa.load("rare_earth")
    with pytest.raises(DocumentError):
        mfa.load({"mfa": 1, "flow": {}})
    with pytest.raises(KeyError, match="metal"):
        solved().flow("metals")


def test_documents_systems_and_results_show_themselves_in_a_line() -> None:
    document = mfa.load("steel_stocks")
    result = mfa.run(document)
    system = result.state.model.system
    assert repr(document) == "Document('steel-stocks': 3 processes, 2 flows, 1 stocks, 1 drivers)"
    assert repr(system) == "System(3 processes, 2 edges, 1 stocks over year (109), region (9))"
    assert repr(result) == "Result('steel-stocks': simulate, 981 observations; consumed, retired, in_use)"
    assert repr(result.quantity("in_use")) == "Quantity('in_use': stock over (year, region), 981 cells, t)"
    for shown in (document, system, result):
        assert "<b>mfa." in shown._repr_html_()
