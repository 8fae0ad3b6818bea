"""`mfa explain`, `mfa list`, `mfa doctor`: help where the user is."""

from __future__ import annotations

import importlib.util
import json
import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mfa.cli.app import Once, guarded, say_problems, tell
from mfa.errors import InputError, MissingFile, Problem, UnknownName, did_you_mean

if TYPE_CHECKING:
    from mfa.run.result import Result

EXTRAS = {
    "excel": ("openpyxl", "tables in .xlsx workbooks"),
    "parquet": ("pyarrow", "tables in .parquet files"),
    "distributed": ("distributed", "sweeps over a cluster"),
    "sensitivity": ("SALib", "global sensitivity analysis"),
}


@click.command(cls=Once)
@click.argument("topic")
@click.argument("place", required=False)
@click.option("--against", "-a", help="The same as PLACE.")
@click.option("--next", "next_", is_flag=True, help="Which new measurement would narrow TOPIC most.")
@click.option("--cv", default="10%", show_default=True, help="Relative sd of such a measurement.")
@click.option(
    "--top", type=click.IntRange(min=1), default=10, show_default=True, help="How many of them to list."
)
@guarded
def explain(*, topic: str, place: str | None, against: str | None, next_: bool, cv: str, top: int) -> None:
    """What TOPIC means: a problem code; or, in PLACE, the name of a row, flow, report or limit.

    PLACE is a folder that a run wrote, or a scenario, which is solved first. Names are those of messages and
    tables, with their labels, such as "balance of magnet_making[2022, CHN, Nd]".
    """
    where = place or against
    if where is None:
        tell(_code(topic))
    elif next_:
        tell(_next(_result(where), topic, _share(cv), top))
    else:
        tell("\n\n".join(str(found) for found in _result(where).explain(topic)))


def _next(result: Result, name: str, cv: float, top: int) -> str:
    """The measurements that would narrow a result most, as text."""
    table = result.next_measurement(name, cv=cv)
    sd = table.attrs["sd"]
    now = f"{name} is free" if math.isnan(sd) else f"{name}: {table.attrs['value']:,.6g} +- {sd:.3g}"
    if table.empty:
        return f"{now}; no single measurement would change that"
    shown = table.head(top).assign(
        narrows=["" if math.isnan(x) else f"{100 * x:.1f} %" for x in table["narrows"].head(top)]
    )
    return f"{now}; measured with a cv of {cv:.3g}, in {result.mass_unit}:\n" + shown.to_string(
        index=False, float_format=lambda x: f"{x:,.4g}"
    )


def _share(text: str) -> float:
    """A number or percentage above 0."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise InputError(f'--cv takes a share such as 0.1 or 10%, not "{text}"')
    return value


def _code(topic: str) -> str:
    """The paragraph on a code; a name that has labels is asked for with its result."""
    from mfa.spec.codes import explain as explain_code

    if any(c in topic for c in "[] ,"):
        text = f'"{topic}" is no problem code'
        hint = f"for a row or a flow name the result too: mfa explain {shlex.quote(topic)} results/NAME"
        raise UnknownName(Problem("unknown-name", text, hint=hint))
    return explain_code(topic)


def _result(place: str) -> Result:
    """The result in a folder, or that of a scenario, solved."""
    from mfa.api import run
    from mfa.run.bundled import bundled_scenarios, find_scenario
    from mfa.run.store import open_result, results_near
    from mfa.spec.resolve import load_document

    if Path(place).is_dir():
        return open_result(place)
    near = results_near(Path(place))
    if not Path(place).exists() and near and place not in bundled_scenarios():
        text = f'"{place}" is neither a folder with a result nor a scenario'
        raise MissingFile(Problem("missing-file", text, hint=did_you_mean(place, near.values())))
    document = load_document(find_scenario(place))
    say_problems(document.warnings)
    return run(document)


@click.command("list", cls=Once)
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
        tell(json.dumps(found, indent=2))
        return
    for entry in found:
        tell(f"{entry['name']}: {entry['title']}")
        if entry["variants"]:
            tell(f"    variants: {', '.join(map(str, entry['variants']))}")


@click.command(cls=Once)
@guarded
def doctor() -> None:
    """What this installation has, what is missing for which use, and how much is read at most."""
    from mfa.limits import STATED
    from mfa.run.bundled import bundled_scenarios
    from mfa.run.manifest import versions

    for name, version in versions().items():
        tell(f"{name:12} {version}")
    for extra, (module, use) in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        tell(f"{extra:12} {'installed' if there else f'not installed (pip install mfa[{extra}])'}: {use}")
    tell(f"{'scenarios':12} {', '.join(bundled_scenarios()) or 'none found'}")
    tell(f"{'writable':12} {'yes' if _writable() else 'no'}: the current folder")
    tell("\nat most")
    for limit in STATED:
        tell(f"{limit.most:>15,} {limit.counted}")
    if not all(v != "not installed" for v in versions().values()):
        sys.exit(1)


def _writable() -> bool:
    import os

    return os.access(Path.cwd(), os.W_OK)


COMMANDS = (explain, list_, doctor)
