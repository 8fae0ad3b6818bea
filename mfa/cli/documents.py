"""`mfa check`, `mfa show`, `mfa schema`, `mfa init`: documents, without a solve."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import click

from mfa.cli.app import Once, guarded, plain, say, say_problems, tell
from mfa.errors import InputError, MfaError, Problem


@click.command(cls=Once)
@click.argument("files", nargs=-1, required=True)
@click.option("--variant", "-v", help="Check this variant.")
@click.option(
    "--set", "settings", multiple=True, metavar="PATH=VALUE", help="Change one value; may be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Problems as JSON on stdout.")
@guarded
def check(files: tuple[str, ...], variant: str | None, settings: tuple[str, ...], as_json: bool) -> None:
    """Everything about FILES that needs no solve: every problem at once, tables included."""
    gc.disable()  # a short process has nothing worth collecting, and a tenth of its time would go there
    found: list[Problem] = []
    for file in files:
        problems = _problems(file, variant, settings)
        found += problems
        if not as_json:
            say_problems(problems)
            if not any(p.severity == "error" for p in problems):
                tell(f"{file}: ok")
    if as_json:
        tell(json.dumps({"problems": [plain(p) for p in found]}, indent=2))
    sys.exit(2 if any(p.severity == "error" for p in found) else 0)


def _problems(file: str, variant: str | None, settings: tuple[str, ...]) -> list[Problem]:
    from mfa.build import check as check_tables
    from mfa.run.bundled import find_scenario
    from mfa.spec.resolve import read_document

    try:
        document, problems = read_document(find_scenario(file), variant=variant, set=list(settings) or None)
    except MfaError as error:
        return list(error.problems)
    if document is None or any(p.severity == "error" for p in problems):
        return problems
    return [*problems, *check_tables(document)]


@click.command(cls=Once)
@click.argument("scenario")
@click.option("--variant", "-v", help="Show this variant.")
@click.option(
    "--set", "settings", multiple=True, metavar="PATH=VALUE", help="Change one value; may be repeated."
)
@click.option("--graph", type=click.Path(path_type=Path), help="Draw the system into this file (.dot).")
@guarded
def show(scenario: str, variant: str | None, settings: tuple[str, ...], graph: Path | None) -> None:
    """SCENARIO fully resolved, each value with the file and line it came from."""
    from mfa.run.bundled import find_scenario
    from mfa.spec.describe import describe
    from mfa.spec.resolve import load_document

    document = load_document(find_scenario(scenario), variant=variant, set=list(settings) or None)
    say_problems(document.warnings)
    if graph is not None:
        from mfa.build import build
        from mfa.export.dot import write_dot

        say(f"written to {write_dot(build(document).system, graph)}")
        return
    tell(describe(document))
    say(f"sha256 {document.identity}")


@click.command(cls=Once)
def schema() -> None:
    """The JSON schema of scenario files, for editors."""
    from mfa.spec.jsonschema import json_schema

    tell(json.dumps(json_schema(), indent=2))


STARTER = """\
# yaml-language-server: $schema=./scenario.schema.json
mfa: 1
name: plant
title: A plant with one feed and two products

processes:
  supply: {kind: source}
  plant: {label: Plant}
  market: {kind: sink}

flows:
  feed: {from: supply, to: plant}
  product: {from: plant, to: market}
  by_product: {from: plant, to: market}

observations:
  weighed_in: {of: feed, value: 10, sd: 1, unit: t, source: scales}
  sold: {of: product, value: 4, sd: 0.5, unit: t, source: invoices}
  sold_too: {of: by_product, value: 5, sd: 0.2, unit: t, source: invoices}

outputs:
  figures:
    chain: {kind: sankey, unit: t}

sources:
  scales: {title: Weighbridge record, edition: "2024"}
  invoices: {title: Invoices, edition: "2024"}
"""


@click.command(cls=Once)
@click.argument("folder", type=click.Path(path_type=Path))
@guarded
def init(folder: Path) -> None:
    """A first scenario in FOLDER, with the schema that editors complete from."""
    from mfa.spec.jsonschema import json_schema

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f'"{folder}" is there already and is not an empty folder')
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.yaml").write_text(STARTER, encoding="utf-8")
    (folder / "scenario.schema.json").write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")
    tell(f"written to {folder}; next: mfa run {folder / 'scenario.yaml'}")


COMMANDS = (check, show, schema, init)
