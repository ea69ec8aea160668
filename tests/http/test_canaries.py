"""What a PACS says about patients, or says at all, goes into a successful answer or nowhere.

Each PACS here puts a canary into everything it sends, and the gateway is asked for a patient whose
ID is one. No canary is ever in a log line or a header, and none in an error body but the UIDs of
``retrieve_details``, which the contract puts there.
"""

import json
import logging
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydicom.dataset import Dataset
from werkzeug.test import TestResponse

from dicom_qr_gateway.dicom.associate import AnsweredContext, UserInformation
from tests.dimse.conversation import Conversation, GatewayEnded
from tests.dimse.scripted_pacs import Script, ScriptedPacs
from tests.dimse.scripts import a_series, a_study

from .real import a_gateway

CANARY = "ZZCANARY"
DIGITS = "31415926535"
UID = f"1.2.{DIGITS}"
PATIENT_ID = f"{CANARY}-{DIGITS}"
STRANGER = "ZZSTRANGER"
CANARIES = (CANARY, DIGITS, STRANGER)

# (0000,0901) is a list of tags, whose bytes say CANARY; (0000,0902) is text.
COMMENTS: dict[str, Any] = {
    "OffendingElement": [0x5A5A4143, 0x414E5952],
    "ErrorComment": f"{CANARY} {DIGITS}",
    "ErrorID": 31415,
    "AffectedSOPInstanceUID": UID,
    "MoveOriginatorApplicationEntityTitle": CANARY,
}


# --- What the PACS says ---


def a_match(patient_id: str = PATIENT_ID, word: str = CANARY, **changes: object) -> Dataset:
    """Return a study that says the word wherever it can, asked for or not."""
    text = f"{word}^{word}"
    attributes = {
        "PatientName": f"{text}=山田^太郎",
        "PatientBirthDate": "19700101",
        "PatientComments": text,
        "OtherPatientIDs": text,
        "StudyDescription": text,
        "StudyTime": "120000",
        "AccessionNumber": word,
        "ReferringPhysicianName": text,
        "PerformingPhysicianName": text,
        "InstitutionName": text,
        "ModalitiesInStudy": [word],
        "RetrieveAETitle": word,
        "SpecificCharacterSet": "ISO_IR 192",
    }
    return a_study(UID, patient_id, **(attributes | changes))


def raw(*elements: tuple[int, str]) -> bytes:
    """Return a data set in Implicit VR that pydicom would not write."""
    return b"".join(
        struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(text)) + text.encode("ascii")
        for tag, text in elements
    )


def accept(peer: Conversation, **changes: Any) -> None:
    """Accept everything, in an A-ASSOCIATE-AC whose reserved fields and names are canaries."""
    answer = replace(
        peer.acceptance(),
        called_ae_title=CANARY,
        calling_ae_title=CANARY,
        user=UserInformation(16384, UID, CANARY),
    )
    peer.send_pdu(replace(answer, **changes))


def says(*answers: Callable[[Conversation], None]) -> Script:
    """Return the script of a PACS that gives one answer to each request, on each association."""

    def script(peer: Conversation) -> None:
        accept(peer)
        for answer in answers:
            peer.read_request()
            answer(peer)
        if peer.release_is_next():
            peer.serve_release()

    return script


def matches(*found: Dataset | bytes, status: int = 0x0000, **comments: Any) -> Callable:
    def answer(peer: Conversation) -> None:
        for each in found:
            peer.respond(0xFF00, each, **COMMENTS)
        peer.respond(status, **{**COMMENTS, **comments})

    return answer


def breaks_off(how: Callable[[Conversation], None]) -> Callable:
    """Return the answer of a PACS that sends a match and then does something else."""

    def answer(peer: Conversation) -> None:
        peer.respond(0xFF00, a_match(), **COMMENTS)
        how(peer)
        raise GatewayEnded

    return answer


def moves(
    status: int,
    completed: int,
    how: Callable[[Conversation], None] | None = None,
    failed: str = UID,
) -> Callable:
    """Return the answer of a PACS that moves, then ends by that status or does another thing."""

    def answer(peer: Conversation) -> None:
        counts = {
            "NumberOfRemainingSuboperations": 1,
            "NumberOfCompletedSuboperations": completed,
            "NumberOfFailedSuboperations": 1,
        }
        peer.respond(0xFF00, **COMMENTS, **counts)
        if how is not None:
            how(peer)
            raise GatewayEnded
        said = raw((0x00080058, failed), (0x00104000, CANARY))
        peer.respond(status, said, **COMMENTS, **counts)

    return answer


def answers_with(data: bytes) -> Script:
    """Return the script of another kind of server."""

    def script(peer: Conversation) -> None:
        peer.read_proposal()
        peer.send(data)
        peer.wait_until_closed()

    return script


def accepts(*contexts: AnsweredContext) -> Script:
    def script(peer: Conversation) -> None:
        accept(peer, contexts=contexts)
        peer.wait_until_closed()

    return script


def series(peer: Conversation) -> None:
    """Answer the query at SERIES level with a failure that says everything."""
    peer.respond(0xFF00, a_series(CANARY, UID), **COMMENTS)
    peer.respond(0xC123, **COMMENTS)


NO_MODALITIES = a_match(ModalitiesInStudy=None)
FOUND = matches(a_match())
UNKNOWN_CHARACTER_SET = raw(
    (0x00080005, CANARY), (0x00080061, "CT"), (0x00100020, PATIENT_ID), (0x0020000D, UID)
)
BROKEN = b"\x10\x00\x10\x00PN\xff\x7f" + CANARY.encode()

# name -> (error of the answer, "" for none; script)
OF_QUERIES: dict[str, tuple[str, Script]] = {
    "a good answer": ("", says(FOUND)),
    "an unknown character set": ("", says(matches(UNKNOWN_CHARACTER_SET))),
    "failure": ("dimse_failure", says(matches(a_match(), status=0xA700))),
    "failure of its own": ("dimse_failure", says(matches(a_match(), status=0xC123))),
    "unknown status": ("dimse_failure", says(matches(a_match(), status=0x1234))),
    "refused keys, twice": (
        "dimse_failure", says(matches(status=0xA900), matches(status=0xA900))),
    "failure at SERIES level": ("dimse_failure", says(matches(NO_MODALITIES), series)),
    "a stranger's study": ("patient_mismatch", says(matches(a_match(STRANGER, STRANGER)))),
    "no study": ("not_found", says(matches())),
    "a word as UID": ("protocol_error", says(matches(raw((0x0020000D, CANARY))))),
    "no UID": ("protocol_error", says(matches(a_match(StudyInstanceUID=None)))),
    "a broken data set": ("protocol_error", says(matches(BROKEN))),
    "another message's response": (
        "protocol_error", says(matches(a_match(), MessageIDBeingRespondedTo=31415))),
    "too many matches": ("too_many_matches", says(matches(*[a_match()] * 4))),
    "an abort": ("association_aborted", says(breaks_off(Conversation.abort))),
    "a reset": ("connection_lost", says(breaks_off(Conversation.reset))),
    "silence": ("response_timeout", says(breaks_off(Conversation.wait_until_closed))),
    "half a PDU": (
        "connection_lost", says(breaks_off(lambda peer: peer.send(b"\4\0\0\0\1\0ZZCANARY")))),
    "nothing accepted": ("no_accepted_context", accepts(AnsweredContext(1, 3, CANARY))),
    "an unknown transfer syntax": ("protocol_error", accepts(AnsweredContext(1, 0, CANARY))),
    "HTTP": ("protocol_error", answers_with(b"HTTP/1.1 200 ZZCANARY\r\n\r\nZZCANARY")),
    "SSH": ("protocol_error", answers_with(b"SSH-2.0-ZZCANARY\r\n")),
    "words": ("protocol_error", answers_with(b"ZZCANARY 31415926535\r\n")),
}  # fmt: skip
OF_RETRIEVES: dict[str, tuple[str, Script]] = {
    "failure": ("move_failed", says(moves(0xA702, 0))),
    "failure of its own": ("move_failed", says(moves(0xC123, 0))),
    "unknown destination": ("move_failed", says(moves(0xA801, 0))),
    "success with nothing but failures": ("move_failed", says(moves(0x0000, 0))),
    "words as UIDs": ("move_failed", says(moves(0xA702, 0, failed=f"{CANARY}\\{STRANGER}"))),
    "warning": ("", says(moves(0xB000, 1))),
    "an abort": ("", says(moves(0, 1, Conversation.abort))),
    "silence": ("", says(moves(0, 1, Conversation.wait_until_closed))),
    "HTTP": ("move_failed", answers_with(b"HTTP/1.1 200 ZZCANARY\r\n\r\nZZCANARY")),
}  # fmt: skip


# --- Where it must not go ---


@pytest.fixture(params=["text", "json"])
def log_format(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def _the_package_logger_as_it_was() -> Iterator[None]:
    logger = logging.getLogger("dicom_qr_gateway")
    level, handlers = logger.level, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture(params=["true", "false"], ids=["DEBUG", "INFO"])
def ask(
    request: pytest.FixtureRequest,
    log_format: str,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Callable[..., TestResponse]]:
    """Return a function that asks a PACS that follows scripts, and looks into log and headers."""
    running: list[ScriptedPacs] = []

    def ask(endpoint: str, *scripts: Script) -> TestResponse:
        client = a_gateway(
            LOG_TO_CONSOLE="true",
            LOG_FORMAT=log_format,
            DICOM_DEBUG=request.param,
            DIMSE_TIMEOUT="1",
            RETRIEVE_IDLE_TIMEOUT="1",
            MAX_MATCHES="3",
        )
        running.append(ScriptedPacs(*scripts))
        entity = running[-1].entity
        answer = getattr(client, endpoint)(
            pacs_ip=entity.host, pacs_port=entity.port, patient_id=PATIENT_ID
        )
        written = "".join(capsys.readouterr())
        assert written.count("C-FIND" if endpoint == "q" else "C-MOVE") >= 1
        assert hides(written)
        assert hides(str(answer.headers))
        return answer

    yield ask
    for pacs in running:
        pacs.finish()


def hides(text: str) -> bool:
    return not any(canary.lower() in text.lower() for canary in CANARIES)


def without_uids(body: dict[str, Any]) -> str:
    """Return an error body without the UIDs that the contract puts into it."""
    return json.dumps(body).replace(f'"{UID}"', "")


@pytest.mark.parametrize(("error", "script"), OF_QUERIES.values(), ids=OF_QUERIES)
def test_nothing_a_pacs_says_to_a_query_leaves_but_in_a_good_answer(
    ask: Callable[..., TestResponse], error: str, script: Script
) -> None:
    answer = ask("q", script)
    body = answer.json

    if error == "not_found":
        assert (body["status"], body.pop("patient_id")) == ("not_found", PATIENT_ID)
    else:
        assert body.get("error", "") == error
    if error:
        assert hides(json.dumps(body))
    else:
        assert PATIENT_ID in answer.text


@pytest.mark.parametrize(("error", "script"), OF_RETRIEVES.values(), ids=OF_RETRIEVES)
def test_nothing_a_pacs_says_to_a_retrieve_leaves_but_in_a_good_answer(
    ask: Callable[..., TestResponse], error: str, script: Script
) -> None:
    answer = ask("qr", says(FOUND), script)

    assert answer.json.get("error", "") == error
    assert answer.status_code == (502 if error else 207)
    if error:
        assert hides(without_uids(answer.json))


def test_a_study_that_is_withheld_is_counted_and_not_told(ask: Callable[..., TestResponse]) -> None:
    answer = ask("q", says(matches(a_match(), a_match(STRANGER, STRANGER))))

    assert answer.json["withheld"] == 1
    assert STRANGER not in answer.text
