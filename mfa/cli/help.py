"""`mfa explain`, `mfa list`, `mfa doctor`: help where the user is."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import click

from mfa.cli.app import guarded

EXTRAS = {
    "excel": ("openpyxl", "tables in .xlsx workbooks"),
    "parquet": ("pyarrow", "tables in .parquet files"),
    "distributed": ("distributed", "sweeps over a cluster"),
    "sensitivity": ("SALib", "global sensitivity analysis"),
}


@click.command()
@click.argument("topic")
@guarded
def explain(topic: str) -> None:
    """What an error code means and how to mend it."""
    from mfa.spec.codes import explain as explain_code

    click.echo(explain_code(topic))


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@guarded
def list_(as_json: bool) -> None:
    """The scenarios that come with mfa."""
    from mfa.run.bundled import bundled_scenarios
    from mfa.spec.reader import read_file

    found = []
    for name, path in bundled_scenarios().items():
        data = read_file(path)[0].data
        data = data if isinstance(data, dict) else {}
        found.append(
            {"name": name, "title": data.get("title", ""), "variants": list(data.get("variants") or {})}
        )
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for entry in found:
        click.echo(f"{entry['name']}: {entry['title']}")
        if entry["variants"]:
            click.echo(f"    variants: {', '.join(map(str, entry['variants']))}")


@click.command()
@guarded
def doctor() -> None:
    """What this installation has, and what is missing for which use."""
    from mfa.run.bundled import bundled_scenarios
    from mfa.run.manifest import versions

    for name, version in versions().items():
        click.echo(f"{name:12} {version}")
    for extra, (module, use) in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        click.echo(
            f"{extra:12} {'installed' if there else f'not installed (pip install mfa[{extra}])'}: {use}"
        )
    click.echo(f"{'scenarios':12} {', '.join(bundled_scenarios()) or 'none found'}")
    click.echo(f"{'writable':12} {'yes' if _writable() else 'no'}: the current folder")
    if not all(v != "not installed" for v in versions().values()):
        sys.exit(1)


def _writable() -> bool:
    import os

    return os.access(Path.cwd(), os.W_OK)


COMMANDS = (explain, list_, doctor)
