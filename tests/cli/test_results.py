"""`mfa plot`, `report`, `diff`: from saved results."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import mfa
from mfa.cli import main
from mfa.cli.documents import STARTER
from mfa.report.publish import publish


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    (folder / "scenario.yaml").write_text(STARTER)
    for name, value in (("first", 10), ("second", 11)):
        scenario = mfa.load(folder / "scenario.yaml", set={"observations.weighed_in.value": value})
        publish(mfa.run(scenario), folder / name)
    return folder


def test_plot_draws_the_same_figures_again(results: Path) -> None:
    done = invoke("plot", results / "first", "-o", results / "again")
    assert done.exit_code == 0, done.output
    for kind in ("svg", "pdf", "png"):
        again = (results / f"again/chain.{kind}").read_bytes()
        assert again == (results / f"first/figures/chain.{kind}").read_bytes()


def test_plot_draws_one_figure_or_names_those_there_are(results: Path) -> None:
    assert invoke("plot", results / "first", "chain", "-o", results / "one").exit_code == 0
    assert (results / "one/chain.png").is_file()
    done = invoke("plot", results / "first", "chian", "-o", results / "one")
    assert done.exit_code == 2
    assert 'did you mean "chain"' in done.stderr


def test_plot_into_a_file_exits_2(results: Path) -> None:
    (results / "taken").write_text("")
    assert invoke("plot", results / "first", "chain", "-o", results / "taken").exit_code == 2


def test_report_is_the_same_again(results: Path) -> None:
    page = results / "first/report.html"
    before = page.read_bytes()
    page.unlink()
    assert invoke("report", results / "first").exit_code == 0
    assert page.read_bytes() == before


def test_diff_lists_what_changed_most_first(results: Path) -> None:
    done = invoke("diff", results / "first", results / "second")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "3 of 3 cells differ; in t:"
    assert re.match(r" *feed +9\.2248", lines[2])
    same = invoke("diff", results / "first", results / "first")
    assert same.stdout.splitlines() == ["0 of 3 cells differ"]


@pytest.mark.parametrize("command", ["plot", "report", "diff"])
def test_a_folder_without_a_result_exits_2(results: Path, command: str) -> None:
    folders = [results / "firts"] * (2 if command == "diff" else 1)
    done = invoke(command, *folders)
    assert done.exit_code == 2
    assert 'did you mean "first"' in done.stderr


def test_results_are_named_where_there_are_some(results: Path) -> None:
    for done in (invoke("report", results), invoke("explain", "feed", results / "third")):
        assert done.exit_code == 2
        assert "first" in done.stderr
    done = invoke("plot", results / "first/figures/nowhere")
    assert "a run writes one: mfa run SCENARIO -o" in done.stderr


@pytest.mark.parametrize("command", ["diff", "explain"])
def test_nothing_to_list_is_refused(results: Path, command: str) -> None:
    places = {
        "diff": (results / "first", results / "second"),
        "explain": ("feed", results / "first", "--next"),
    }
    done = invoke(command, *places[command], "--top", "-1")
    assert done.exit_code == 2
    assert "--top" in done.stderr
