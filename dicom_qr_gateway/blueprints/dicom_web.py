"""``GET /dicom-web/…``: search by QIDO-RS (PS3.18 10.6), answered by C-FIND.

Rule: views name what is searched; what the answer looks like on the wire is ``search_answers``.
"""

import string
from collections.abc import Callable
from urllib.parse import parse_qsl, quote_from_bytes

from flask import Response, current_app, request

from dicom_qr_gateway import log
from dicom_qr_gateway.blueprints import search_answers
from dicom_qr_gateway.blueprints.openapi import Blueprint, client_socket
from dicom_qr_gateway.named_pacs import NamedPacs, PacsDirectory
from dicom_qr_gateway.schemas import search
from dicom_qr_gateway.services.qido import Answer, QidoService
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_request import read_search

blueprint = Blueprint("dicom-web", __name__, description="Search by QIDO-RS.")

ROOT = "/dicom-web/<pacs>"
STUDY = f"{ROOT}/studies/<study>"


View = Callable[..., Response]


def _searches(path: str) -> Callable[[View], View]:
    """Serve a search at the path, and document what all of them have in common."""

    def decorate(view: View) -> View:
        parameters = search.query_parameters(path)
        described = blueprint.described(200, search.found(), parameters=parameters)(view)
        documented = blueprint.fails(*search.FAILURES)(described)
        return blueprint.endpoint("GET", path, "C-FIND", search.path_parameters(path))(documented)

    return decorate


@_searches(f"{ROOT}/studies")
def search_for_studies(pacs: str) -> Response:
    """Search for studies."""
    return _found(Level.STUDIES, pacs)


@_searches(f"{STUDY}/series")
def search_for_series_of_study(pacs: str, study: str) -> Response:
    """Search for the series of a study."""
    return _found(Level.SERIES, pacs, StudyInstanceUID=study)


@_searches(f"{ROOT}/series")
def search_for_series(pacs: str) -> Response:
    """Search for series.

    A PACS without relational queries is asked level by level, as far as that is reasonable.
    """
    return _found(Level.SERIES, pacs)


@_searches(f"{STUDY}/series/<series>/instances")
def search_for_instances_of_series(pacs: str, study: str, series: str) -> Response:
    """Search for the instances of a series."""
    return _found(Level.INSTANCES, pacs, StudyInstanceUID=study, SeriesInstanceUID=series)


@_searches(f"{STUDY}/instances")
def search_for_instances_of_study(pacs: str, study: str) -> Response:
    """Search for the instances of a study."""
    return _found(Level.INSTANCES, pacs, StudyInstanceUID=study)


@_searches(f"{ROOT}/instances")
def search_for_instances(pacs: str) -> Response:
    """Search for instances.

    A PACS without relational queries is asked level by level, as far as that is reasonable.
    """
    return _found(Level.INSTANCES, pacs)


@_searches(f"{ROOT}/modality-scheduled-procedure-steps")
def search_for_scheduled_procedure_steps(pacs: str) -> Response:
    """Search a modality worklist (PS3.4 Annex K).

    Keys of any depth: `ScheduledProcedureStepSequence.ScheduledStationAETitle=CT1`.
    """
    return _found(Level.WORKLIST, pacs)


def _found(level: Level, names: str, **path: str) -> Response:
    """Answer a search."""
    given = _parameters(request.query_string)
    media_type = search_answers.negotiated(
        request.headers.get("Accept", ""), [value for name, value in given if name == "accept"]
    )
    pacs = _named(names)
    log.note(pacs=",".join(each.name for each in pacs))
    asked = read_search(level, path, [each for each in given if each[0] != "accept"])
    service: QidoService = current_app.extensions["searches"]
    answer = Answer([]) if asked.is_empty else service.search(asked, pacs, client_socket())
    return search_answers.found(answer, media_type, asked.warnings)


def _parameters(query: bytes) -> list[tuple[str, str]]:
    """Return the query string in its order; what is not UTF-8 becomes U+FFFD, never a guess."""
    ascii_only = quote_from_bytes(query, safe=string.punctuation)
    return parse_qsl(ascii_only, keep_blank_values=True, errors="replace")


def _named(names: str) -> list[NamedPacs]:
    """Return the PACS that a path names: one, several with commas, or all."""
    directory: PacsDirectory = current_app.extensions["pacs"]
    wanted = directory.names if names == "all" else tuple(dict.fromkeys(names.split(",")))
    return [directory.get(name) for name in wanted or (names,)]
