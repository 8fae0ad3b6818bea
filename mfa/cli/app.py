"""The command group and what every command shares: errors on stderr, exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec

import click

from mfa import __version__
from mfa.errors import InputError, MfaError, Problem
from mfa.printed import escaped

P = ParamSpec("P")
LINES = "\n\t"
"""Control characters that text of several lines may hold; names and titles hold none."""


class Once(click.Command):
    """A command that refuses an option given twice where one value counts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments parsed; a second value of one option is a usage error, not the one that counts."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for param in order:
            single = isinstance(param, click.Option) and not (param.multiple or param.is_flag or param.count)
            if single and order.count(param) > 1:
                name = max(param.opts, key=len)
                hint = f"; {_TWICE[name]}" if name in _TWICE else ""
                text = f"{name} is given {order.count(param)} times, and one counts{hint}"
                raise click.UsageError(text, ctx)
        return super().parse_args(ctx, args)


_TWICE = {
    "--variant": "a variant of both is one that starts from them: `both: {from: [a, b]}`",
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mfa")
def main() -> None:
    """Material flow analysis: from raw statistics to mass-balanced flows, figures and a report."""


def say(text: str) -> None:
    """A line for people, on stderr."""
    click.echo(escaped(text, keep=LINES), err=True)


def tell(text: str) -> None:
    """A result, on stdout."""
    click.echo(escaped(text, keep=LINES))


def say_problems(problems: Iterable[Problem]) -> None:
    """Problems on stderr, with a count at the end."""
    found = list(problems)
    for problem in found:
        say(str(problem))
    errors = sum(p.severity == "error" for p in found)
    if len(found) > 1:
        warned = len(found) - errors
        say(
            f"{errors} error{'s' * (errors != 1)}"
            + (f", {warned} warning{'s' * (warned != 1)}" if warned else "")
        )


def leave_on_errors(problems: Iterable[Problem]) -> None:
    """Nothing where all are warnings; else the end of the command, as of wrong input."""
    if any(p.severity == "error" for p in problems):
        sys.exit(InputError.exit_code)


def plain(problem: Problem) -> dict[str, Any]:
    """A problem as JSON has it."""
    where = problem.where
    place = {"file": where.file, "line": where.line, "column": where.column} if where else None
    return {
        "code": problem.code,
        "severity": problem.severity,
        "text": problem.text,
        "hint": problem.hint,
        "where": place,
    }


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """The command with errors printed (as JSON with --json) and its exit code: 1 no answer, 2 wrong input."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except MfaError as error:
            if kwargs.get("as_json"):
                tell(json.dumps({"problems": [plain(p) for p in error.problems]}, indent=2))
            else:
                say_problems(error.problems)
                say_help(error)
            sys.exit(error.exit_code)
        except MemoryError:
            say("error: the memory of this machine is not enough for this system; `mfa doctor` lists limits")
            sys.exit(1)
        except BrokenPipeError:
            sys.exit(0)
        except OSError as error:
            say(f"error: cannot read or write {error.filename or 'a file'}: {error.strerror or error}")
            sys.exit(2)

    return run


def say_help(error: MfaError) -> None:
    """Where to read more about the first problem."""
    from mfa.spec.codes import CODES

    if error.problems and error.problems[0].code in CODES:
        say(f"more: mfa explain {error.problems[0].code}")


def load_commands() -> None:
    """Register the commands, which live in modules of their own."""
    from mfa.cli import documents, help, results, run

    for module in (run, documents, results, help):
        for command in module.COMMANDS:
            main.add_command(command)


load_commands()
