"""What ``echo``, ``find`` and ``move`` share: their arguments, their rules, their exit codes.

Rule: arguments are checked by the schemas of the HTTP endpoints, and a failure is told in the words
that the HTTP endpoints use.
"""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from marshmallow import ValidationError

from dicom_qr_gateway.config import ConfigurationError, Settings
from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import CallerError, GatewayError, InvalidRequest, NoStudyMatched
from dicom_qr_gateway.named_pacs import PacsDirectory
from dicom_qr_gateway.pacs_config import association_limits, pacs_directory
from dicom_qr_gateway.schemas.pacs import PacsSchema

EXIT_NOTHING_MATCHED = 1
EXIT_USAGE = 2
EXIT_PACS_FAILED = 3
EXIT_PARTIAL = 4

LONGEST_PORT = 9  # digits; more are no number that matters

Command = TypeVar("Command", bound=Callable[..., Any])

# The schemas' fields -> what they are called on the command line.
ARGUMENTS = {
    "pacs": "PACS",
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

ADDRESS = ("pacs_ip", "pacs_port", "pacs_ae_title")
CALLING = click.option(
    "--calling",
    "c_find_ae_title",
    metavar="AE_TITLE",
    help="Calling AE title, as the PACS knows it; without it CALLING_AE_TITLE. A named PACS has "
    "its own.",
)
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


def pacs_and(*others: str) -> Callable[[Command], Command]:
    """Return a decorator that adds the arguments NAME or HOST PORT AE_TITLE, and then these.

    Args:
        others: the schemas' names of further arguments.
    """
    further = "".join(f" {ARGUMENTS[each]}" for each in others)

    def named(context: click.Context, _parameter: click.Parameter, given: Sequence[str]) -> Any:
        names = (*ADDRESS, *others) if len(given) > len(others) + 1 else ("pacs", *others)
        if len(given) != len(names):
            raise click.UsageError(f"Give NAME{further} or HOST PORT AE_TITLE{further}.", context)
        return dict(zip(names, map(_whole_number_or_text, names, given), strict=True))

    return click.argument(
        "arguments",
        nargs=-1,
        metavar=f"{{NAME | HOST PORT AE_TITLE}}{further}",
        callback=named,
    )


def _whole_number_or_text(name: str, given: str) -> int | str:
    is_port = name == "pacs_port" and given.isascii() and given.isdigit()
    return int(given) if is_port and len(given) <= LONGEST_PORT else given


def takes(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return a decorator that adds arguments and options in the order they are named."""

    def decorate(command: Command) -> Command:
        for each in reversed(decorators):
            command = each(command)
        return command

    return decorate


def checked(schema: PacsSchema, session: "Session", arguments: Mapping[str, Any]) -> Any:
    """Return the schema's request, or end with one line for each broken rule.

    Raises:
        TargetNotAllowed: NAMED_PACS_ONLY forbids addresses.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    if "pacs" not in given:
        given.setdefault("c_find_ae_title", session.calling_ae_title)
    try:
        return schema.load(given).of(session.pacs)
    except ValidationError as error:
        problems = error.messages_dict
    except InvalidRequest as error:
        problems = error.extra["errors"]
    raise click.UsageError(
        "\n".join(
            f"{ARGUMENTS.get(field, field)}: {sentence}"
            for field, reasons in problems.items()
            for sentence in _sentences(reasons)
        )
    )


def _sentences(reasons: Any) -> Iterator[str]:
    """Yield the sentences of a field, those of its items too."""
    if isinstance(reasons, str):
        yield reasons
    else:
        for each in reasons.values() if isinstance(reasons, dict) else reasons:
            yield from _sentences(each)


def configured() -> tuple[Settings, PacsDirectory]:
    """Return all that is configured, or end with a usage error."""
    try:
        settings = Settings.from_environ()
        return settings, pacs_directory(settings)
    except ConfigurationError as error:
        raise click.UsageError(str(error)) from None


@dataclass(frozen=True)
class Session:
    """What a command asks with: where associations come from, and the PACS there are."""

    pool: Pool
    pacs: PacsDirectory
    calling_ae_title: str


@contextmanager
def asking() -> Iterator[Session]:
    """Lend what a command asks with; Ctrl-C ends the DICOM operation, so it is cancelled.

    Time-outs, budgets, named PACS and policy are the environment's. A failure inside the block ends
    the command with its sentence and its exit code.
    """
    settings, pacs = configured()
    stop = StopSignal()
    bulkheads = Bulkheads(settings.limits, settings.web_threads)
    stated = association_limits(pacs.all, settings.max_associations_per_pacs)
    former = signal.signal(signal.SIGINT, lambda _number, _frame: stop.set())
    try:
        pool = Pool(settings.limits, stop, bulkheads, settings.policy, stated)
        yield Session(pool, pacs, settings.calling_ae_title)
    except GatewayError as error:
        click.echo(f"{error.error}: {error.message}", err=True)
        raise SystemExit(_exit_code(error)) from None
    finally:
        signal.signal(signal.SIGINT, former)


def _exit_code(error: GatewayError) -> int:
    if isinstance(error, NoStudyMatched):
        return EXIT_NOTHING_MATCHED
    return EXIT_USAGE if isinstance(error, CallerError) else EXIT_PACS_FAILED
