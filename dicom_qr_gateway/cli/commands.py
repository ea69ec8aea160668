"""What no command foresaw: an output that cannot be written, a defect.

Rule: it has an exit code of its own. That of Python and click is 1, by which ``find`` says that
nothing matched.
"""

import errno
import io
import os
import sys
import traceback
from contextlib import suppress
from typing import Any, Final

import click

EXIT_UNKNOWN: Final = 5
_OUTPUT_FAILED: Final = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EIO)


class Commands(click.Group):
    """The group of all commands."""

    def invoke(self, context: click.Context) -> Any:
        """Run one of them."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # not every terminal has all letters
        try:
            return super().invoke(context)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            with suppress(OSError):
                _tell(error)
            raise SystemExit(EXIT_UNKNOWN) from None


def _tell(error: Exception) -> None:
    if isinstance(error, OSError) and error.errno in _OUTPUT_FAILED:
        # What is left in the buffer would be written when the process ends, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        click.echo(f"The output could not be written: {os.strerror(error.errno)}.", err=True)
    else:
        click.echo("".join(traceback.format_exception(error)), err=True)
