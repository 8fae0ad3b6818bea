"""`mfa explain`, `list`, `doctor`, `--help`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mfa.cli import main
from mfa.cli.documents import STARTER

COMMANDS = ["check", "diff", "doctor", "explain", "init", "list", "plot", "report", "run", "schema", "show"]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments])


def test_the_commands_are_these() -> None:
    assert set(COMMANDS) <= set(main.commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = invoke(command, "--help")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: main {command}")


def test_explain_a_code_and_refuse_what_is_none() -> None:
    assert invoke("explain", "two-rests").stdout.startswith("two-rests\n")
    done = invoke("explain", "two-rest")
    assert done.exit_code == 2
    assert 'did you mean "two-rests"' in done.stderr


def test_explain_a_row_of_a_scenario_and_of_its_saved_result(tmp_path: Path) -> None:
    (tmp_path / "plant.yaml").write_text(STARTER, encoding="utf-8")
    solved = invoke("explain", "balance of plant", str(tmp_path / "plant.yaml"))
    assert solved.exit_code == 0, solved.stderr
    assert solved.stdout.splitlines()[:4] == [
        "balance of plant: holds exactly",
        "    + feed        9.22481 +- 0.474",
        "    - product     4.1938 +- 0.449",
        "    - by_product  5.03101 +- 0.197",
    ]
    assert invoke("run", str(tmp_path / "plant.yaml"), "-q", "-o", str(tmp_path / "out")).exit_code == 0
    saved = invoke("explain", "balance of plant", "--against", str(tmp_path / "out"))
    assert saved.stdout == solved.stdout


def test_explain_asks_for_the_result_a_name_belongs_to() -> None:
    done = invoke("explain", "balance of plant[2020, AAA]")
    assert done.exit_code == 2
    assert "mfa explain 'balance of plant[2020, AAA]' results/NAME" in done.stderr


def test_list_names_the_bundled_scenarios() -> None:
    assert "rare_earths: " in invoke("list").stdout
    found = json.loads(invoke("list", "--json").stdout)
    assert {"rare_earths", "rare_earths_comtrade"} <= {entry["name"] for entry in found}


def test_doctor_names_versions_extras_and_scenarios() -> None:
    text = invoke("doctor").stdout
    for word in ("python", "numpy", "excel", "scenarios", "writable"):
        assert word in text
