"""The bodies of ``/q`` and ``/qr``, written directly: the key order is the contract's.

Rule: ``withheld`` is there only when something was withheld.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from dicom_qr_gateway import log
from dicom_qr_gateway.blueprints.openapi import Blueprint
from dicom_qr_gateway.errors import NoStudyMatched
from dicom_qr_gateway.schemas.answers import NotFoundSchema
from dicom_qr_gateway.services.query import FoundStudies, StudyQuery
from dicom_qr_gateway.services.retrieve import Retrieved, StudyRetrieve

Body: TypeAlias = dict[str, Any]
View: TypeAlias = Callable[[Any], tuple[Body, int]]

MOVED = "Operation completed successfully"
MOVED_IN_PART = "Not everything was moved: see retrieve_details for each study."


def found(query: StudyQuery, result: FoundStudies) -> Body:
    """Return the body of a query that found studies."""
    log.note(matches=len(result.studies), withheld=result.withheld or None)
    return {
        "operation": "C-FIND",
        "status": "ok",
        "patient_id": query.patient_id,
        "study_details": result.studies,
        **_withheld(result.withheld),
    }


def retrieved(request: StudyRetrieve, result: Retrieved) -> Body:
    """Return the body of a retrieve that moved something."""
    log.note(
        matches=result.total_count,
        moved=result.success_count,
        withheld=result.withheld or None,
        outcome=result.status,
    )
    return {
        "operation": "C-MOVE",
        "status": result.status,
        "message": MOVED if result.status == "ok" else MOVED_IN_PART,
        "success_count": result.success_count,
        "total_count": result.total_count,
        "patient_id": request.query.patient_id,
        "study_details": result.studies,
        "retrieve_details": result.details,
        **_withheld(result.withheld),
    }


def not_found(query: StudyQuery, nothing: NoStudyMatched) -> Body:
    """Return the body of a query, a retrieve's too, that found nothing."""
    withheld = nothing.extra.get("withheld", 0)
    log.note(matches=0, withheld=withheld or None, outcome="not_found")
    return {
        "operation": "C-FIND",
        "status": "not_found",
        "message": nothing.message,
        "patient_id": query.patient_id,
        "study_details": [],
        **_withheld(withheld),
    }


def _withheld(count: int) -> Body:
    return {"withheld": count} if count else {}


def may_find_nothing(blueprint: Blueprint) -> Callable[[View], View]:
    """Let a view answer 404 with the ``not_found`` body where no study matches; document it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: StudyQuery | StudyRetrieve) -> tuple[Body, int]:
            try:
                return view(request)
            except NoStudyMatched as nothing:
                query = request.query if isinstance(request, StudyRetrieve) else request
                return not_found(query, nothing), 404

        return blueprint.answers(404, NotFoundSchema, "No study matches.")(wrapper)

    return decorate
