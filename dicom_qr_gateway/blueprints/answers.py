"""The bodies of ``/q`` and ``/qr``, written directly: the key order is the contract's.

Rule: rows go out as they were written when they arrived, and are never held a second time.
``withheld`` is there only when something was withheld.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from json import JSONEncoder
from typing import Any, Final, TypeAlias

from flask import Response

from dicom_qr_gateway import log
from dicom_qr_gateway.blueprints.openapi import Blueprint
from dicom_qr_gateway.blueprints.rows import in_batches, pieces
from dicom_qr_gateway.errors import NoStudyMatched
from dicom_qr_gateway.schemas.answers import NotFoundSchema
from dicom_qr_gateway.services.query import FoundStudies, StudyQuery
from dicom_qr_gateway.services.retrieve import Retrieved, StudyRetrieve
from dicom_qr_gateway.services.study import Study

Body: TypeAlias = dict[str, Any]
Answer: TypeAlias = Response | tuple[Body, int]
View: TypeAlias = Callable[[Any], Answer]

MOVED = "Operation completed successfully"
MOVED_IN_PART = "Not everything was moved: see retrieve_details for each study."
_ENCODED: Final = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def found(query: StudyQuery, result: FoundStudies) -> Response:
    """Return the answer of a query that found studies."""
    log.note(matches=len(result.studies), withheld=result.withheld or None)
    before = {"operation": "C-FIND", "status": "ok", "patient_id": query.patient_id}
    return _with_rows(200, before, result.studies, _withheld(result.withheld))


def retrieved(request: StudyRetrieve, result: Retrieved) -> Response:
    """Return the answer of a retrieve that moved something."""
    log.note(
        matches=result.total_count,
        moved=result.success_count,
        withheld=result.withheld or None,
        outcome=result.status,
    )
    is_ok = result.status == "ok"
    before = {
        "operation": "C-MOVE",
        "status": result.status,
        "message": MOVED if is_ok else MOVED_IN_PART,
        "success_count": result.success_count,
        "total_count": result.total_count,
        "patient_id": request.query.patient_id,
    }
    after = {"retrieve_details": result.details, **_withheld(result.withheld)}
    return _with_rows(200 if is_ok else 207, before, result.studies, after)


def _with_rows(status: int, before: Body, studies: Sequence[Study], after: Body) -> Response:
    """Return the object that has the keys of ``before``, ``study_details`` and those of ``after``.

    Its whole length is announced: an answer that breaks off is not taken for a complete one.
    """
    head = _ENCODED(before).encode()[:-1] + b',"study_details":['
    tail = b"]}" if not after else b"]," + _ENCODED(after).encode()[1:]
    rows = [study.row for study in studies]
    length = len(head) + sum(map(len, rows)) + max(len(rows) - 1, 0) + len(tail)
    response = Response(pieces(head, in_batches(rows), tail), status, mimetype="application/json")
    response.content_length = length
    return response


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
        def wrapper(request: StudyQuery | StudyRetrieve) -> Answer:
            try:
                return view(request)
            except NoStudyMatched as nothing:
                query = request.query if isinstance(request, StudyRetrieve) else request
                return not_found(query, nothing), 404

        return blueprint.answers(404, NotFoundSchema, "No study matches.")(wrapper)

    return decorate
