"""`mfa check`, `show`, `schema`, `init`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from mfa.cli import main


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture
def started(tmp_path: Path) -> Path:
    assert invoke("init", tmp_path / "first").exit_code == 0
    return tmp_path / "first" / "scenario.yaml"


def test_the_first_scenario_checks_and_runs(started: Path) -> None:
    assert json.loads((started.parent / "scenario.schema.json").read_text())["$schema"]
    assert invoke("check", started).exit_code == 0
    done = invoke("run", started, "-o", started.parent / "out", "-q")
    assert done.exit_code == 0, done.output
    assert "chi-square 0.7752" in done.stdout


def test_init_leaves_a_folder_that_holds_something(started: Path) -> None:
    done = invoke("init", started.parent)
    assert done.exit_code == 2
    assert "not an empty folder" in done.stderr


def test_check_names_every_problem_of_document_and_tables(started: Path) -> None:
    text = started.read_text()
    started.write_text(text.replace("of: feed,", "of: fed,").replace("sd: 0.5", "sd: -0.5"))
    done = invoke("check", started)
    assert done.exit_code == 2
    assert 'did you mean "feed"' in done.stderr
    assert done.stderr.count("error[") >= 2
    assert "scenario.yaml:" in done.stderr
    found = json.loads(invoke("check", started, "--json").stdout)["problems"]
    assert len(found) == done.stderr.count("error[")
    assert {p["where"]["line"] for p in found} > {0} or all(p["where"]["line"] for p in found)


def test_check_reads_the_tables(started: Path) -> None:
    (started.parent / "t.csv").write_text("value\nten\n")
    text = started.read_text().replace("value: 10, sd: 1, unit: t", "table: t.csv, sd: 1, unit: t")
    started.write_text(text)
    done = invoke("check", started)
    assert done.exit_code == 2
    assert "t.csv:2" in done.stderr


def test_check_of_several_files_exits_2_if_one_is_wrong(started: Path) -> None:
    done = invoke("check", started, started.parent / "none.yaml")
    assert done.exit_code == 2
    assert f"{started}: ok" in done.stdout
    assert "missing-file" in done.stderr


def test_show_is_the_resolved_scenario_and_reads_back(started: Path) -> None:
    done = invoke("show", started, "--set", "observations.sold.value=4.5")
    assert done.exit_code == 0
    assert yaml.safe_load(done.stdout)["observations"]["sold"]["value"] == 4.5
    assert "scenario.yaml:" in done.stdout
    assert "sha256" in done.stderr


def test_show_draws_the_graph(started: Path) -> None:
    done = invoke("show", started, "--graph", started.parent / "graph.dot")
    assert done.exit_code == 0
    assert '"supply" -> "plant" [label="feed"]' in (started.parent / "graph.dot").read_text()
    assert invoke("show", started, "--graph", started.parent / "no/graph.dot").exit_code == 2


def test_schema_is_json() -> None:
    assert "properties" in json.loads(invoke("schema").stdout)


def test_check_loads_neither_solver_nor_figures(started: Path) -> None:
    heavy = (
        "scipy.linalg",
        "scipy.stats",
        "scipy.optimize",
        "xarray",
        "h5netcdf",
        "matplotlib",
        "pint",
        "networkx",
    )
    code = (
        "import sys\nfrom mfa.cli import main\n"
        f"sys.argv = ['mfa', 'check', {str(started)!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", ["rare_earths"])
def test_a_bundled_scenario_is_found_by_name(name: str) -> None:
    assert invoke("check", name).exit_code == 0
    wrong = invoke("check", "rare_earth")
    assert wrong.exit_code == 2
    assert 'did you mean "rare_earths"' in wrong.stderr
