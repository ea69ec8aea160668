"""What ``echo``, ``find`` and ``move`` share: their arguments, their rules, their exit codes.

Rule: arguments are checked by the schemas of the HTTP endpoints, and a failure is told in the words
that the HTTP endpoints use.
"""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from marshmallow import Schema, ValidationError

from dicom_qr_gateway.config import ConfigurationError, Settings
from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import CallerError, GatewayError, NoStudyMatched

EXIT_NOTHING_MATCHED = 1
EXIT_USAGE = 2
EXIT_PACS_FAILED = 3
EXIT_PARTIAL = 4

Command = TypeVar("Command", bound=Callable[..., Any])

# The schemas' fields -> what they are called on the command line.
ARGUMENTS = {
    "pacs_ip": "HOST",
    "pacs_port": "PORT",
    "pacs_ae_title": "AE_TITLE",
    "c_find_ae_title": "--calling",
    "c_move_ae_title": "DESTINATION",
    "patient_id": "PATIENT_ID",
    "modalities": "--modality",
    "max_years_old": "--max-years-old",
    "max_results": "--max-results",
}

PACS = (
    click.argument("pacs_ip", metavar="HOST"),
    click.argument("pacs_port", metavar="PORT", type=int),
    click.argument("pacs_ae_title", metavar="AE_TITLE"),
)
CALLING = click.option(
    "--calling",
    "c_find_ae_title",
    metavar="AE_TITLE",
    default="QRGATEWAY",
    show_default=True,
    help="Calling AE title, as the PACS knows it.",
)
PATIENT = click.argument("patient_id", metavar="PATIENT_ID")
FILTERS = (
    click.option(
        "--modality",
        "modalities",
        multiple=True,
        help="Only studies with this modality; several may be given.",
    ),
    click.option("--max-years-old", type=int, help="Only studies of the last so many years."),
    click.option("--max-results", type=int, help="Only the so many most recent studies."),
)


def takes(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return a decorator that adds arguments and options in the order they are named."""

    def decorate(command: Command) -> Command:
        for each in reversed(decorators):
            command = each(command)
        return command

    return decorate


def checked(schema: Schema, arguments: Mapping[str, Any]) -> Any:
    """Return what the schema makes of the arguments, or end with one line for each broken rule."""
    try:
        return schema.load(arguments)
    except ValidationError as error:
        lines = [
            f"{ARGUMENTS.get(field, field)}: {sentence}"
            for field, reasons in error.messages_dict.items()
            for sentence in _sentences(reasons)
        ]
        raise click.UsageError("\n".join(lines)) from None


def _sentences(reasons: Any) -> Iterator[str]:
    """Yield the sentences of a field, those of its items too."""
    if isinstance(reasons, str):
        yield reasons
    else:
        for each in reasons.values() if isinstance(reasons, dict) else reasons:
            yield from _sentences(each)


def _settings() -> Settings:
    try:
        return Settings.from_environ()
    except ConfigurationError as error:
        raise click.UsageError(str(error)) from None


@contextmanager
def asking() -> Iterator[Pool]:
    """Lend where associations come from; Ctrl-C ends the DICOM operation, so it is cancelled.

    Time-outs, budgets and policy are the environment's. A failure inside the block ends the command
    with its sentence and its exit code.
    """
    settings = _settings()
    stop = StopSignal()
    bulkheads = Bulkheads(settings.limits, settings.web_threads)
    former = signal.signal(signal.SIGINT, lambda _number, _frame: stop.set())
    try:
        yield Pool(settings.limits, stop, bulkheads, settings.policy)
    except GatewayError as error:
        click.echo(f"{error.error}: {error.message}", err=True)
        raise SystemExit(_exit_code(error)) from None
    finally:
        signal.signal(signal.SIGINT, former)


def _exit_code(error: GatewayError) -> int:
    if isinstance(error, NoStudyMatched):
        return EXIT_NOTHING_MATCHED
    return EXIT_USAGE if isinstance(error, CallerError) else EXIT_PACS_FAILED
