"""The conformance statement against what a PACS receives, and against the tables of the code."""

import re

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from dicom_qr_gateway import __version__
from dicom_qr_gateway.config import OPTIONS, Settings
from dicom_qr_gateway.dicom import establish, pdu, uids
from dicom_qr_gateway.dicom.identifier import KEYS
from dicom_qr_gateway.dicom.status import NOT_IN_STANDARD, describe
from dicom_qr_gateway.dicom.text import CharacterSet
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.services.echo import EchoService, Verification
from dicom_qr_gateway.services.query import QueryService, StudyQuery
from dicom_qr_gateway.services.retrieve import RetrieveService, StudyRetrieve
from dicom_qr_gateway.services.study import KEYS as STUDY_KEYS
from tests.pools import a_pool

PATIENT_ID = "1112223333"
STUDY_ROOT = (uids.STUDY_ROOT_FIND, uids.STUDY_ROOT_MOVE)
PATIENT_ROOT = (uids.PATIENT_ROOT_FIND, uids.PATIENT_ROOT_MOVE)
QUERY, RETRIEVE, VERIFY = "query studies", "retrieve studies", "verify a PACS"


class RecordingPacs:
    """Has one study, names its modality at SERIES level only, and keeps what it is sent."""

    def __init__(self, abstract_syntaxes):
        self.associations, self.identifiers, self.priorities = [], [], []
        ae = AE("RECORDER")
        for abstract_syntax in (uids.VERIFICATION, *abstract_syntaxes):
            ae.add_supported_context(abstract_syntax)
        handlers = [
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_C_MOVE, self._move),
        ]
        self._server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.peer = ApplicationEntity(*self._server.socket.getsockname(), ae.ae_title)
        self.stop = self._server.shutdown

    def _requested(self, event):
        self.associations.append(event.assoc.requestor)

    def _find(self, event):
        self.identifiers.append(event.identifier)
        match = Dataset()
        match.PatientID = PATIENT_ID
        match.StudyInstanceUID = "1.2.3"
        if event.identifier.QueryRetrieveLevel == "SERIES":
            match.Modality = "CT"
        yield 0xFF00, match

    def _move(self, event):
        self.identifiers.append(event.identifier)
        self.priorities.append(event.request.Priority)
        yield None, None


@pytest.fixture
def recording():
    running = []

    def start(abstract_syntaxes):
        running.append(RecordingPacs(abstract_syntaxes))
        return running[-1]

    yield start
    for pacs in running:
        pacs.stop()


def retrieve(pacs):
    """Query and retrieve; the PACS knows no destination, which is what is said of the study."""
    limits, stop = Settings.from_environ({}).limits, StopSignal()
    query = StudyQuery(pacs.peer, "GATEWAY", PATIENT_ID)
    pool = a_pool(limits, stop)
    service = RetrieveService(pool, QueryService(pool))
    with pytest.raises(Exception, match="No study was sent"):
        service.retrieve(StudyRetrieve(query, "NOWHERE"), None)


def echo(pacs):
    pool = a_pool(Settings.from_environ({}).limits, StopSignal())
    EchoService(pool).echo(Verification(pacs.peer, "GATEWAY"))


def tables(conformance, activity):
    """Return the tables of an activity, each a list of rows."""
    section = conformance.section(f"Activity: {activity}")
    found = re.findall(r"(?:^\|.+\|\n)+", section, re.MULTILINE)
    return [[line.strip("|").split(" | ") for line in each.splitlines()[2:]] for each in found]


def stated_contexts(conformance, activity):
    return [
        (int(number), [re.findall(r"[\d.]{10,}", syntax)[0]], re.findall(r"[\d.]{10,}", transfer))
        for number, syntax, transfer, _role, _negotiation in tables(conformance, activity)[0]
    ]


def proposed_contexts(requestor):
    return [
        (context.context_id, [context.abstract_syntax], list(context.transfer_syntax))
        for context in requestor.requested_contexts
    ]


def test_the_presentation_contexts_of_query_and_retrieve_are_those_proposed(conformance, recording):
    pacs = recording(STUDY_ROOT)
    retrieve(pacs)
    query, move = map(proposed_contexts, pacs.associations)
    assert query == stated_contexts(conformance, QUERY)
    assert move == stated_contexts(conformance, RETRIEVE)


def test_the_presentation_context_of_an_echo_is_the_one_proposed(conformance, recording):
    pacs = recording(())
    echo(pacs)
    assert list(map(proposed_contexts, pacs.associations)) == [stated_contexts(conformance, VERIFY)]


def test_no_extended_negotiation_is_proposed_and_the_implementation_is_as_stated(
    conformance, recording
):
    pacs = recording(())
    echo(pacs)
    [requestor] = pacs.associations
    assert requestor.extended_negotiation == []
    stated = conformance.section("4.2.1.2 Association policies")
    assert f"| Implementation Class UID | {requestor.implementation_class_uid} |" in stated
    assert f"| Implementation Version Name | {requestor.implementation_version_name} |" in stated
    assert f"announced is {requestor.maximum_length} bytes" in stated
    assert "up to 1 MiB are tolerated" in stated
    assert pdu.MAX_INCOMING_PDU == 1024 * 1024


@pytest.mark.parametrize("root", [STUDY_ROOT, PATIENT_ROOT], ids=["study root", "patient root"])
def test_the_identifiers_are_those_sent(conformance, recording, root):
    pacs = recording(root)
    retrieve(pacs)
    _, study, series = tables(conformance, QUERY)
    _, move = tables(conformance, RETRIEVE)
    for stated, sent in zip((study, series, move), pacs.identifiers, strict=True):
        assert keys_of(sent) == stated_keys(stated, is_patient_root=root is PATIENT_ROOT)
    assert pacs.priorities == [0]


def keys_of(identifier):
    """Return keyword -> whether the key has a value."""
    return {element.keyword: element.value not in ("", None, []) for element in identifier}


def stated_keys(table, *, is_patient_root):
    return {
        row[0].strip(): not row[3].startswith("universal")
        for row in table
        if is_patient_root or "Patient Root only" not in row[3]
    }


def test_every_key_is_stated_with_its_tag_and_vr(conformance):
    for keyword in STUDY_KEYS.values():
        tag, vr = KEYS[keyword]
        row = f"| {keyword} | ({tag >> 16:04X},{tag & 0xFFFF:04X}) | {vr} |"
        assert row in conformance.text


def test_every_key_is_stated_with_its_place_in_the_answer(conformance):
    stated = {row[-1].strip(" `|"): row[0].strip() for row in tables(conformance, QUERY)[1][1:]}
    assert stated == STUDY_KEYS


def test_every_uid_is_stated(conformance):
    stated = [value for name, value in vars(uids).items() if name.isupper()]
    said = {uid for value in stated for uid in ([value] if isinstance(value, str) else value)}
    assert said
    for value in said:
        assert value in conformance.text, value


def status_rows(service):
    """Yield each range of codes with the same meaning, as a row begins."""
    ranges = []
    for code in range(0x10000):
        status = describe(service, code)
        if status.meaning == NOT_IN_STANDARD:
            continue
        meaning = (status.category.value, status.meaning)
        if ranges and ranges[-1][1:] == (code - 1, meaning):
            ranges[-1] = (ranges[-1][0], code, meaning)
        else:
            ranges.append((code, code, meaning))
    for first, last, (category, meaning) in ranges:
        codes = f"0x{first:04X}" if first == last else f"0x{first:04X}–0x{last:04X}"
        yield f"| {codes} | {category} | {meaning} |"


def test_every_status_is_stated_and_no_other(conformance):
    known = {row for service in ("C-ECHO", "C-FIND", "C-MOVE") for row in status_rows(service)}
    stated = re.findall(r"^(\| 0x.+? \| \w+ \| .+? \|)", conformance.text, re.MULTILINE)
    assert set(stated) == known


def test_every_character_set_that_is_stated_is_understood(conformance):
    terms = re.findall(
        r"ISO_IR \d+|ISO 2022 IR \d+|GB18030|GBK",
        conformance.section("6 Support of character sets"),
    )
    plain = {"ISO_IR 6", "ISO 2022 IR 6", "ISO_IR 100", "ISO 2022 IR 100"}
    for term in set(terms) - plain:
        assert CharacterSet.named(term).codec != CharacterSet().codec, term


def test_the_time_outs_and_budgets_are_stated_with_their_defaults(conformance):
    defaults = {option.name: option.default for option in OPTIONS}
    stated = conformance.table("4.4 Configuration")
    assert stated
    for name, default, _, _ in stated:
        amount, _, unit = default.partition(" ")
        factor = 1024 * 1024 if unit == "MiB" else 1
        assert int(amount) * factor == int(defaults[name.strip("`")]), name


def test_the_pauses_before_new_tries_are_as_stated(conformance):
    first, second, third = establish.RETRY_PAUSES
    assert f"tried again after {first}, {second} and {third} s" in conformance.text


def test_the_statement_is_of_this_version(conformance):
    assert f"version {__version__}." in conformance.text
