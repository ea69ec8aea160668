"""``dicom-qr-gateway echo``, ``find`` and ``move``: what an administrator tries first."""

import json
from typing import Any

import click

from dicom_qr_gateway.cli.asking import (
    CALLING,
    EXIT_PARTIAL,
    FILTERS,
    asking,
    checked,
    pacs_and,
    takes,
)
from dicom_qr_gateway.cli.tables import accepted, retrieve_table, study_table
from dicom_qr_gateway.errors import GatewayError, NoStudyMatched
from dicom_qr_gateway.schemas.echo import EchoSchema
from dicom_qr_gateway.schemas.query import QuerySchema
from dicom_qr_gateway.schemas.retrieve import RetrieveSchema
from dicom_qr_gateway.services.echo import EchoService
from dicom_qr_gateway.services.query import FoundStudies, QueryService, StudyQuery
from dicom_qr_gateway.services.retrieve import RetrieveService


@click.command()
@takes(pacs_and(), CALLING)
@click.option("--json", "as_json", is_flag=True, help="Print what POST /echo answers.")
def echo(as_json: bool, arguments: dict[str, Any], **options: Any) -> None:
    """Ask a PACS whether it is there (C-ECHO).

    \b
    Examples:
      dicom-qr-gateway echo main
      dicom-qr-gateway echo 10.1.2.3 104 MAINPACS

    \b
    Exit codes: 0 it answered, 2 usage, 3 it failed, refused or did not answer in time.
    """
    with asking() as session:
        verification = checked(EchoSchema(), session, {**arguments, **options})
        verified = EchoService(session.pool).echo(verification)
    if as_json:
        click.echo(_dumped(**verified.as_body()))
        return
    click.echo(f"{verification.pacs.ae_title} answered the C-ECHO.")
    click.echo(f"It accepts: {accepted(verified.services) or 'nothing else'}.")


@click.command()
@takes(pacs_and("patient_id"), *FILTERS, CALLING)
@click.option("--json", "as_json", is_flag=True, help="Print what POST /q answers.")
def find(as_json: bool, arguments: dict[str, Any], **options: Any) -> None:
    """List the studies of a patient (C-FIND), most recent first.

    \b
    Examples:
      dicom-qr-gateway find main 1112223333
      dicom-qr-gateway find 10.1.2.3 104 MAINPACS 1112223333
      dicom-qr-gateway find 10.1.2.3 104 MAINPACS 1112223333 --modality CT --max-years-old 5

    \b
    Exit codes: 0 found, 1 nothing matched, 2 usage, 3 the PACS failed, refused or did not
    answer in time.
    """
    with asking() as session:
        query = checked(QuerySchema(), session, {**arguments, **options})
        try:
            found = QueryService(session.pool).find(query, None)
        except NoStudyMatched as nothing:
            if as_json:
                click.echo(_nothing_as_json(query, nothing))
            raise
    if as_json:
        click.echo(_as_json(query, found))
        return
    click.echo(study_table(found.rows()))
    if found.withheld:
        click.echo(f"{found.withheld} matches of other patients were withheld.", err=True)


def _as_json(query: StudyQuery, found: FoundStudies) -> str:
    withheld = {"withheld": found.withheld} if found.withheld else {}
    return _dumped(
        operation="C-FIND",
        status="ok",
        patient_id=query.patient_id,
        study_details=found.rows(),
        **withheld,
    )


def _nothing_as_json(query: StudyQuery, nothing: NoStudyMatched) -> str:
    return _dumped(
        operation="C-FIND",
        status="not_found",
        message=nothing.message,
        patient_id=query.patient_id,
        study_details=[],
        **nothing.extra,
    )


def _dumped(**body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


@click.command()
@takes(pacs_and("patient_id", "c_move_ae_title"), *FILTERS, CALLING)
def move(arguments: dict[str, Any], **options: Any) -> None:
    """Have a PACS send the studies of a patient (C-MOVE).

    They go to DESTINATION, an AE title that the PACS knows.

    \b
    Examples:
      dicom-qr-gateway move main 1112223333 WORKSTATION
      dicom-qr-gateway move 10.1.2.3 104 MAINPACS 1112223333 WORKSTATION

    \b
    Exit codes: 0 all moved, 1 nothing matched, 2 usage, 3 nothing moved: the PACS failed,
    refused or did not answer in time, 4 only a part was moved.
    """
    with asking() as session:
        request = checked(RetrieveSchema(), session, {**arguments, **options})
        retrieves = RetrieveService(session.pool, QueryService(session.pool))
        try:
            retrieved = retrieves.retrieve(request, None)
        except GatewayError as error:
            details = error.extra.get("retrieve_details")
            if details is None:
                raise
            click.echo(retrieve_table(details))
            raise type(error)(f"None of {len(details)} studies was moved.") from error
    click.echo(retrieve_table(retrieved.details))
    click.echo(f"{retrieved.success_count} of {retrieved.total_count} studies were moved.")
    if retrieved.status != "ok":
        raise SystemExit(EXIT_PARTIAL)
