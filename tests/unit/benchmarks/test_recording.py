"""The bytes that the floor says."""

from benchmarks.performance.conversation import find
from benchmarks.performance.peers import Peer
from benchmarks.performance.recording import first_identifier, first_request_only
from dicom_qr_gateway.dicom.associate import AssociateRQ
from dicom_qr_gateway.dicom.command_sets import CommandField, Request
from dicom_qr_gateway.dicom.messages import fragments
from dicom_qr_gateway.dicom.pdu import DataTF, PduReader, ReleaseRQ, encode_pdu
from dicom_qr_gateway.dicom.uids import STUDY_ROOT_FIND

PACS = Peer("a PACS", "PACS", 104)


def pdus(said):
    reader = PduReader()
    reader.feed(said)
    while (pdu := reader.pop()) is not None:
        yield pdu


def a_request(message_id):
    command = Request(CommandField.C_FIND_RQ, message_id, STUDY_ROOT_FIND).encode()
    return fragments(1, command, bytes(500), 200)  # the identifier needs several PDUs


def test_a_c_find_is_an_association_a_request_and_a_release():
    said = list(pdus(find(PACS, "P1", ["PatientID", "StudyInstanceUID"])))
    assert [type(pdu) for pdu in said] == [AssociateRQ, DataTF, DataTF, ReleaseRQ]
    assert said[0].called_ae_title == "PACS"
    assert b"P1" in said[2].fragments[0].data


def test_requests_after_the_first_one_are_left_out_and_the_release_is_kept():
    release = encode_pdu(ReleaseRQ())
    said = a_request(1) + a_request(2) + a_request(3) + release
    assert first_request_only(said) == a_request(1) + release


def test_the_first_identifier_is_put_together_from_its_pdus():
    assert first_identifier(encode_pdu(ReleaseRQ()) + a_request(1) + a_request(2)) == bytes(500)


def test_a_single_request_stays_as_it_was():
    said = find(PACS, "P1", ["PatientID"])
    assert first_request_only(said) == said
