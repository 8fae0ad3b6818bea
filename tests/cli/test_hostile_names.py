# ruff: noqa: E501
"""Names that a terminal, a browser or a spreadsheet would obey: written so that they are only read."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mfa.cli import main
from mfa.limits import STATED

SCENARIO = r"""
mfa: 1
name: names
title: "\e[31mRED\a </title><script>alert(1)</script> $\\frac{ [red]x[/red]"
dimensions: {year: [2020, 2021], region: ["=cmd|' /C calc'!A0", "\e[2Jclear", "<b>&", "[bold]y[/bold]", "\u202Ereversed"]}
processes: {s: {kind: source, label: "<img src=x onerror=alert(1)> \e[31m"}, u: {label: "=HYPERLINK(1)"}, t: {kind: sink}}
flows: {f: {from: s, to: u, label: "</svg><script>"}, g: {from: u, to: t}}
observations: {o: {of: f, value: 1, sd: 0.1}, p: {of: g, value: 2, sd: 0.1}}
outputs:
  figures: {x: {kind: sankey, at: {year: 2020}, title: "--><script>\e"}, y: {kind: area, of: g, by: region}, z: {kind: adjustments}}
"""


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("names")
    (folder / "names.yaml").write_text(SCENARIO, encoding="utf-8")
    return folder, invoke("run", folder / "names.yaml", "-o", folder / "out")


def harmless(text: str) -> None:
    assert not set(text) & set("\x1b\x07\u202e")


def test_the_console_shows_names_as_they_are_written(done: tuple[Path, Result]) -> None:
    folder, run = done
    assert run.exit_code == 0
    assert "\\x1b[31mRED\\x07" in run.stdout
    assert "[red]x[/red]" in run.stdout
    for result in (
        run,
        invoke("show", folder / "names.yaml"),
        invoke("explain", "f[2020, [bold]y[/bold]]", folder / "out"),
        invoke("explain", "\x1b[2J", folder / "out"),
        invoke("diff", folder / "out", folder / "out"),
        invoke("check", folder / "\x1b[31m.yaml"),
        invoke("plot", folder / "out", "\x1b[31m"),
        invoke("run", folder / "names.yaml", "--set", "title=\x1b[31m"),
    ):
        harmless(result.stdout + result.stderr)


def test_figures_and_report_hold_text_and_no_markup(done: tuple[Path, Result]) -> None:
    folder, _ = done
    drawn = sorted((folder / "out" / "figures").glob("*.svg"))
    assert len(drawn) == 3
    for path in drawn:
        content = path.read_text(encoding="utf-8")
        assert "<script" not in content
        assert not set(content) & set("\x1b\x07")
        ET.fromstring(content)
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    harmless(page)
    assert "<script" not in page
    assert "<img src=x" not in page


def test_tables_hold_no_formulas(done: tuple[Path, Result]) -> None:
    folder, _ = done
    for path in (folder / "out").glob("*.csv"):
        assert ",=cmd" not in path.read_text(encoding="utf-8")
    assert "'=cmd|' /C calc'!A0" in (folder / "out" / "flows.csv").read_text(encoding="utf-8")


def test_doctor_states_every_limit() -> None:
    done = invoke("doctor")
    assert all(f"{limit.most:,} {limit.counted}" in done.stdout for limit in STATED)


def test_what_is_no_file_is_no_scenario() -> None:
    for command in ("check", "run", "show"):
        done = invoke(command, "/dev/zero")
        assert done.exit_code == 2
        assert '"/dev/zero" is a device, not a file' in done.stderr


def test_a_damaged_result_is_refused_by_every_command(done: tuple[Path, Result], tmp_path: Path) -> None:
    folder, _ = done
    copy = tmp_path / "out"
    copy.mkdir()
    for path in (folder / "out").iterdir():
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    (copy / "result.nc").write_bytes(b"nothing")
    for command in (("report", copy), ("plot", copy), ("diff", copy, copy), ("explain", "f", copy)):
        found = invoke(*command)
        assert found.exit_code == 2
        assert "error[damaged]" in found.stderr
        assert "result.nc is not the file that the run wrote" in found.stderr
