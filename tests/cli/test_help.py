"""`mfa explain`, `list`, `doctor`, `--help`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from mfa.cli import main

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


def test_list_names_the_bundled_scenarios() -> None:
    assert "rare_earths: " in invoke("list").stdout
    found = json.loads(invoke("list", "--json").stdout)
    assert {"rare_earths", "rare_earths_comtrade"} <= {entry["name"] for entry in found}


def test_doctor_names_versions_extras_and_scenarios() -> None:
    text = invoke("doctor").stdout
    for word in ("python", "numpy", "excel", "scenarios", "writable"):
        assert word in text
