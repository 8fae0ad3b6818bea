"""`mfa run`: what it writes, refuses and says."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mfa.cli import main

PLANT = """\
mfa: 1
name: plant
processes: {supply: {kind: source}, plant: {}, market: {kind: sink}}
flows:
  x: {from: supply, to: plant}
  a: {from: plant, to: market}
  b: {from: plant, to: market}
observations:
  x_weighed: {of: x, value: 10, sd: 1, unit: t}
  a_sold: {of: a, value: 4, sd: 0.5, unit: t}
  b_sold: {of: b, value: 5, sd: 0.2, unit: t}
variants:
  exact: {set: {observations.x_weighed.sd: 0}}
  conflict: {set: {observations: {x: {of: x, value: 10, sd: 0}, a: {of: a, value: 12, sd: 0}}}}
outputs:
  indicators: {yield: a / x}
  figures: {chain: {kind: sankey, unit: t}}
"""
FILES = {
    *(
        "result.nc",
        "flows.csv",
        "stocks.csv",
        "observations.csv",
        "parameters.csv",
        "balances.csv",
        "free.csv",
        "gross_errors.csv",
        "solution.h5",
    ),
    *("indicators.csv", "report.html", "manifest.json"),
    *("figures/chain.svg", "figures/chain.pdf", "figures/chain.png"),
}


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    (tmp_path / "plant.yaml").write_text(PLANT, encoding="utf-8")
    return tmp_path / "plant.yaml"


def mfa_run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["run", *map(str, arguments)])


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_a_run_writes_every_file_and_a_summary(plant: Path) -> None:
    done = mfa_run(plant, "-o", plant.parent / "out")
    assert done.exit_code == 0, done.output
    assert files(plant.parent / "out") == FILES
    assert "chi-square 0.7752 on 1 degree of freedom" in done.stdout
    assert "solving for 3 unknowns" in done.stderr
    assert not list(plant.parent.glob(".out*"))


def test_json_is_the_facts_alone(plant: Path) -> None:
    done = mfa_run(plant, "-o", plant.parent / "out", "--json", "-q")
    facts = json.loads(done.stdout)
    assert facts["chi_square"] == pytest.approx(0.775194, abs=1e-6)
    assert facts["folder"] == str(plant.parent / "out")
    assert done.stderr == ""


def test_a_variant_has_a_folder_of_its_own(
    plant: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert mfa_run(plant, "--variant", "exact", "-q").exit_code == 0
    flows = (tmp_path / "results/plant-exact/flows.csv").read_text()
    assert flows.splitlines()[1].startswith("x,10,10,0,10,10,t")


def test_a_set_changes_one_value(plant: Path) -> None:
    done = mfa_run(
        plant, "--set", "observations.x_weighed.value=9", "--json", "-q", "-o", plant.parent / "out"
    )
    assert json.loads(done.stdout)["chi_square"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--variant", "exakt"], 'did you mean "exact"'),
        (["--set", "observations.x_weighd.value=9"], "x_weigh"),
        (["--set", "nonsense"], "nonsense"),
    ],
)
def test_wrong_options_exit_2_with_a_hint(plant: Path, arguments: list[str], words: str) -> None:
    done = mfa_run(plant, *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_a_missing_scenario_exits_2(tmp_path: Path) -> None:
    done = mfa_run(tmp_path / "nothing.yaml", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["problems"][0]["code"] == "missing-file"


def test_a_conflict_exits_1_and_names_the_rows(plant: Path) -> None:
    done = mfa_run(plant, "--variant", "conflict", "-o", plant.parent / "out", "-q")
    assert done.exit_code == 1
    assert "infeasible" in done.stderr
    assert "mfa explain infeasible" in done.stderr
    assert not (plant.parent / "out").exists()


def test_a_folder_that_is_a_file_exits_2_and_keeps_it(plant: Path) -> None:
    target = plant.parent / "out"
    target.write_text("mine")
    done = mfa_run(plant, "-o", target, "-q")
    assert done.exit_code == 2
    assert "it is a file" in done.stderr
    assert target.read_text() == "mine"


def test_a_folder_with_other_files_exits_2_and_keeps_them(plant: Path) -> None:
    done = mfa_run(plant, "-o", plant.parent, "-q")
    assert done.exit_code == 2
    assert "no run wrote" in done.stderr
    assert files(plant.parent) == {"plant.yaml"}


WRITERS = (
    *("pathlib.Path.write_bytes", "pathlib.Path.write_text"),
    *("pandas.DataFrame.to_csv", "h5netcdf.File.create_group"),
)


@pytest.mark.parametrize("method", WRITERS)
def test_a_disk_that_fills_up_leaves_the_old_results(
    plant: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    target = plant.parent / "out"
    assert mfa_run(plant, "-o", target, "-q").exit_code == 0
    before = {name: (target / name).read_bytes() for name in files(target)}

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(method, full)
    done = mfa_run(plant, "-o", target, "-q", "--set", "observations.x_weighed.value=20")
    monkeypatch.undo()
    assert done.exit_code == 2
    assert "No space left on device" in done.stderr
    assert {name: (target / name).read_bytes() for name in files(target)} == before
    assert {p.name for p in plant.parent.iterdir()} == {"plant.yaml", "out"}


def test_old_results_are_replaced_whole(plant: Path) -> None:
    target = plant.parent / "out"
    assert mfa_run(plant, "-o", target, "-q").exit_code == 0
    (target / "figures/old.svg").write_text("from another scenario")
    assert mfa_run(plant, "-o", target, "-q").exit_code == 0
    assert files(target) == FILES


def test_the_result_of_another_scenario_is_replaced_with_a_word(plant: Path) -> None:
    out = plant.parent / "out"
    assert "replaces" not in mfa_run(plant, "-o", out, "-q").stderr
    assert "replaces" not in mfa_run(plant, "-o", out, "-q").stderr
    done = mfa_run(plant, "-o", out, "-q", "--variant", "exact")
    assert f"replaces the result of plant in {out}" in done.stderr
