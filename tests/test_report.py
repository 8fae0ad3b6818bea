"""The report: everything in one file, the same at every run."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from mfa.errors import OutputError
from mfa.report import render, write_report
from mfa.report.sections import sections
from mfa.report.verdict import verdict
from mfa.run.result import Result
from mfa.run.store import open_result

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def world() -> Result:
    spec = importlib.util.spec_from_file_location("report_world", HERE / "figures" / "world.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Result = module.world()
    figures = {k: v for k, v in made.outputs["figures"].items() if k in ("mirror", "mine_production")}
    return replace(made, outputs={**made.outputs, "figures": figures})


class Page(HTMLParser):
    """Headings, cells, addresses and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [
            v or "" for k, v in attrs if k in ("src", "srcset", "data") or (k == "href" and tag == "link")
        ]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_every_part_is_there_and_nothing_is_loaded_from_elsewhere(world: Result) -> None:
    text = render(world)
    page = Page(text)
    assert page.open == []
    assert len(page.loads) == 2
    assert all(x.startswith("data:image/svg+xml;base64,") for x in page.loads)
    words = "".join(page.words)
    for part in ("Verdict", "Statistical differences", "Flagged figures", "Mirror gaps", "Free quantities",
                 "Indicators", "Mass balances", "Parameters", "Sources", "Warnings", "Run"):  # fmt: skip
        assert part in words
    for found in ("A test world.", "gross error", "1.6", "slag[2022, ROW, La]", "recycled_content", "0.2 ±",
                  "Census <trade> & more", "not stated", "0" * 64, "1.66"):  # fmt: skip
        assert found in words
    assert "Census <trade>" not in text


def test_the_verdict_says_how_many_count_and_whether_they_agree(world: Result) -> None:
    said = " ".join(verdict(world))
    assert "20 reported figures count as evidence; besides them 1 superseded by a later edition" in said
    assert "contradict each other by more" in said
    assert "131.2 with 9.6 degrees of freedom" in said
    assert "1 pair of reports is in conflict" in said
    assert "closes to 8×10⁻¹¹" in said
    calm = replace(world, facts={**world.facts, "chi_square": 8.0, "p_value": 0.6})
    assert "agree within their stated uncertainties" in " ".join(verdict(calm))
    alone = replace(world, facts={**world.facts, "degrees_of_freedom": 0.0})
    assert "nothing to test" in " ".join(verdict(alone))


def test_a_saved_result_gives_the_same_report(world: Result, tmp_path: Path) -> None:
    def as_written(table: pd.DataFrame) -> pd.DataFrame:
        numbers = table.select_dtypes("float").map(lambda x: float(f"{x:.12g}"))
        return table.assign(**{str(c): numbers[c] for c in numbers})

    tables = {
        n: as_written(getattr(world, n)) for n in ("observations", "balances", "parameters", "indicators")
    }
    world.save(tmp_path / "run")
    assert render(open_result(tmp_path / "run")) == render(replace(world, **tables))


def test_what_moved_most_in_its_own_standard_deviations_comes_first(world: Result) -> None:
    text = render(world)
    after = text.split("Parameters before and after")[-1]
    assert after.index("transfers.separation.tailings") < after.index("contents.ore")
    assert "shift, sd" in after
    reports = text.split("Reports before and after")[-1].split("Parameters before")[0]
    assert reports.index("china_ores") < reports.index("production")
    assert "superseded" not in reports


def test_what_is_nothing_but_rounding_is_no_statistical_difference(world: Result) -> None:
    of = {n: q for n, q in world.quantities.items() if q.kind == "difference"}
    assert of
    rounding = {n: replace(q, value=q.value * 0 + 1e-12) for n, q in of.items()}
    changed = replace(world, quantities={**world.quantities, **rounding})
    assert [s.anchor for s in sections(world) if s.anchor == "differences"]
    assert not [s.anchor for s in sections(changed) if s.anchor == "differences"]


def test_an_empty_result_still_has_a_report(world: Result) -> None:
    none = pd.DataFrame()
    bare = replace(
        world, observations=none, balances=none, free=none, parameters=none, indicators=none, quantities={},
        outputs={}, warnings=(), sources={}, facts={}, scenario="", inputs={},
    )  # fmt: skip
    assert "Verdict" in render(bare)


def test_a_figure_that_cannot_be_drawn_says_so_in_its_place(world: Result) -> None:
    broken = replace(world, outputs={"figures": {"it": {"kind": "mirror", "of": ["mined"]}}})
    assert "could not be drawn" in render(broken)


def test_same_bytes_under_different_hash_seeds() -> None:
    code = (
        f"import sys; sys.path[:0] = [{str(HERE / 'figures')!r}, {str(HERE.parent)!r}]\n"
        "import hashlib; from world import world; from mfa.report import render\n"
        "print(hashlib.sha256(render(world()).encode()).hexdigest())\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True,
            text=True, check=True,
        ).stdout
        for seed in ("3", "42")
    ]  # fmt: skip
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == len(hashlib.sha256().hexdigest())


def test_writes_one_file_or_says_why_not(world: Result, tmp_path: Path) -> None:
    path = write_report(world, tmp_path / "out")
    assert path == tmp_path / "out" / "report.html"
    assert path.read_text(encoding="utf-8") == render(world)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        write_report(world, tmp_path / "file")
