"""The command `mfa`, which an interrupt ends with one line at any moment."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exits with 130 where it is interrupted."""
    try:
        from mfa.cli import main as command

        command(standalone_mode=True)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
