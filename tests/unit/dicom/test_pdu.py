"""Upper Layer PDUs: identity, agreement with pynetdicom in both directions, hostile bytes."""

import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom import pdu as oracle
from pynetdicom.pdu_primitives import A_ABORT as OracleAbort
from pynetdicom.pdu_primitives import A_ASSOCIATE, A_P_ABORT, P_DATA

from dicom_qr_gateway.dicom.associate import (
    AnsweredContext,
    AssociateAC,
    AssociateRQ,
    ProposedContext,
    UserInformation,
)
from dicom_qr_gateway.dicom.pdu import (
    MAX_INCOMING_PDU,
    Abort,
    AssociateRJ,
    DataTF,
    Fragment,
    PduReader,
    ReleaseRP,
    ReleaseRQ,
    encode_pdu,
)
from dicom_qr_gateway.errors import ProtocolError

ae_titles = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"),
    min_size=1,
    max_size=16,
)
uids = st.lists(st.integers(0, 99999), min_size=2, max_size=8).map(
    lambda parts: "1." + ".".join(map(str, parts))
)
context_ids = st.integers(0, 127).map(lambda number: 2 * number + 1)
users = st.builds(
    UserInformation,
    max_pdu_length=st.integers(0, 2**32 - 1),
    implementation_class_uid=uids,
    implementation_version=ae_titles,
)
requests = st.builds(
    AssociateRQ,
    ae_titles,
    ae_titles,
    st.lists(
        st.builds(ProposedContext, context_ids, uids, st.lists(uids, min_size=1).map(tuple)),
        min_size=1,
        max_size=5,
        unique_by=lambda context: context.context_id,
    ).map(tuple),
    users,
)
acceptances = st.builds(
    AssociateAC,
    ae_titles,
    ae_titles,
    st.lists(
        st.builds(AnsweredContext, context_ids, st.just(0), uids),
        min_size=1,
        max_size=5,
        unique_by=lambda context: context.context_id,
    ).map(tuple),
    users,
)
octets = st.integers(0, 255)
rejections = st.builds(
    AssociateRJ, st.sampled_from([1, 2]), st.just(1), st.sampled_from([1, 2, 3, 7])
)
fragments = st.builds(Fragment, context_ids, st.booleans(), st.booleans(), st.binary(max_size=99))
data_pdus = st.lists(fragments, min_size=1, max_size=4).map(tuple).map(DataTF)
pdus = st.one_of(
    requests,
    acceptances,
    st.builds(AssociateRJ, octets, octets, octets),
    data_pdus,
    st.builds(ReleaseRQ),
    st.builds(ReleaseRP),
    st.builds(Abort, octets, octets),
)


def read_all(data: bytes, piece: int = 1 << 20) -> list[object]:
    """Return every PDU that a reader finds in the data, fed piece by piece."""
    reader, found = PduReader(), []
    for start in range(0, len(data), piece):
        reader.feed(data[start : start + piece])
        while (pdu := reader.pop()) is not None:
            found.append(pdu)
    return found


@given(st.lists(pdus, max_size=4), st.integers(1, 50))
def test_what_is_encoded_is_decoded_again_however_it_is_cut(sent, piece):
    assert read_all(b"".join(map(encode_pdu, sent)), piece) == sent


@given(requests)
def test_pynetdicom_reads_our_association_request(request):
    theirs = oracle.A_ASSOCIATE_RQ()
    theirs.decode(encode_pdu(request))
    primitive = theirs.to_primitive()
    assert primitive.called_ae_title.strip() == request.called_ae_title
    assert primitive.calling_ae_title.strip() == request.calling_ae_title
    contexts = primitive.presentation_context_definition_list
    assert [c.context_id for c in contexts] == [c.context_id for c in request.contexts]
    assert [str(c.abstract_syntax) for c in contexts] == [
        c.abstract_syntax for c in request.contexts
    ]
    assert primitive.maximum_length_received == request.user.max_pdu_length


@given(requests)
def test_pynetdicom_writes_the_association_request_as_we_do(request):
    theirs = oracle.A_ASSOCIATE_RQ()
    theirs.decode(encode_pdu(request))
    assert read_all(theirs.encode()) == [request]


@given(acceptances)
def test_pynetdicom_reads_and_writes_an_acceptance_as_we_do(acceptance):
    theirs = oracle.A_ASSOCIATE_AC()
    theirs.decode(encode_pdu(acceptance))
    assert isinstance(theirs.to_primitive(), A_ASSOCIATE)
    assert read_all(theirs.encode()) == [acceptance]


@given(rejections)
def test_pynetdicom_reads_and_writes_a_rejection_as_we_do(rejection):
    theirs = oracle.A_ASSOCIATE_RJ()
    theirs.decode(encode_pdu(rejection))
    primitive = theirs.to_primitive()
    assert (primitive.result, primitive.result_source, primitive.diagnostic) == (
        rejection.result,
        rejection.source,
        rejection.reason,
    )
    assert read_all(theirs.encode()) == [rejection]


@given(data_pdus)
def test_pynetdicom_reads_and_writes_fragments_as_we_do(pdu):
    theirs = oracle.P_DATA_TF()
    theirs.decode(encode_pdu(pdu))
    assert isinstance(theirs.to_primitive(), P_DATA)
    assert read_all(theirs.encode()) == [pdu]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(ReleaseRQ(), oracle.A_RELEASE_RQ()), (ReleaseRP(), oracle.A_RELEASE_RP())],
)
def test_pynetdicom_releases_as_we_do(ours, theirs):
    assert theirs.encode() == encode_pdu(ours)


@given(st.sampled_from([0, 2]), st.sampled_from([0, 1, 2, 4, 5, 6]))
def test_pynetdicom_reads_and_writes_an_abort_as_we_do(source, reason):
    theirs = oracle.A_ABORT_RQ()
    theirs.decode(encode_pdu(Abort(source, reason)))
    assert isinstance(theirs.to_primitive(), OracleAbort | A_P_ABORT)
    assert read_all(theirs.encode()) == [Abort(source, reason)]


@given(st.binary(max_size=300), st.integers(1, 40))
def test_arbitrary_bytes_give_pdus_or_a_protocol_error(data, piece):
    try:
        read_all(data, piece)
    except ProtocolError:
        return


@given(st.integers(1, 7), st.binary(max_size=300))
def test_an_arbitrary_body_gives_a_pdu_or_a_protocol_error(pdu_type, body):
    try:
        read_all(struct.pack(">BxI", pdu_type, len(body)) + body)
    except ProtocolError:
        return


@given(requests | acceptances, st.data())
def test_a_damaged_association_pdu_gives_a_value_or_a_protocol_error(pdu, data):
    damaged = bytearray(encode_pdu(pdu))
    position = data.draw(st.integers(6, len(damaged) - 1))
    damaged[position] = data.draw(octets)
    try:
        read_all(bytes(damaged))
    except ProtocolError:
        return


@pytest.mark.parametrize("length", [MAX_INCOMING_PDU + 1, 2**32 - 1])
def test_a_pdu_that_is_too_long_is_refused_before_its_body_arrives(length):
    reader = PduReader()
    reader.feed(struct.pack(">BxI", 4, length))
    tracemalloc.start()
    with pytest.raises(ProtocolError, match="longer than any PDU may be"):
        reader.pop()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize("length", [0, 1])
@pytest.mark.parametrize("pdu_type", [1, 2, 3, 7])
def test_a_body_too_short_for_its_fields_is_a_protocol_error(pdu_type, length):
    with pytest.raises(ProtocolError, match="cut short"):
        read_all(struct.pack(">BxI", pdu_type, length) + bytes(length))


@pytest.mark.parametrize(
    ("banner", "guess"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "HTTP"),
        (b"<html>", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"\x15\x03\x01\x00\x02\x02\x0a", "TLS"),
        (b"\x00", "no PDU type"),
        (b"\x08\x00", "no PDU type"),
    ],
)
def test_another_protocol_is_recognised_by_its_first_byte(banner, guess):
    with pytest.raises(ProtocolError, match=guess):
        read_all(banner)


@pytest.mark.parametrize("rest", [b"HTTP/1.1 400 Bad Request\r\n", b"\x16\x03", b"\x00"])
def test_who_has_sent_a_pdu_is_not_taken_for_another_server(rest):
    with pytest.raises(ProtocolError, match="something that is no PDU"):
        read_all(encode_pdu(ReleaseRP()) + rest)


@pytest.mark.parametrize("length", [0, 1, 200])
def test_a_wrong_item_length_in_a_data_pdu_is_a_protocol_error(length):
    body = struct.pack(">IBB", length, 1, 3) + b"abcd"
    with pytest.raises(ProtocolError):
        read_all(struct.pack(">BxI", 4, len(body)) + body)


def test_an_acceptance_without_user_information_is_a_protocol_error():
    whole = AssociateAC("A", "B", (), UserInformation()).encode()
    body = whole[: -len(UserInformation().encode())]
    with pytest.raises(ProtocolError, match="user information"):
        read_all(struct.pack(">BxI", 2, len(body)) + body)


def test_an_association_item_that_reaches_beyond_its_pdu_is_a_protocol_error():
    body = AssociateAC("A", "B", (), UserInformation()).encode() + b"\x21\x00\x00\x09"
    with pytest.raises(ProtocolError, match="cut short"):
        read_all(struct.pack(">BxI", 2, len(body)) + body)


def test_the_transfer_syntax_of_a_refused_context_is_not_read():
    refused = AnsweredContext(1, 3, "").encode()[4:]
    assert AnsweredContext.decode(refused[:4] + b"\xff\xff\xff") == AnsweredContext(1, 3, "")
