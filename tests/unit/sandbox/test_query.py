"""Identifiers of requests: what fits the information model and what is 0xA900."""

from io import BytesIO
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom.dsutils import decode, encode

from dicom_qr_gateway.dicom.types import QueryRetrieveLevel
from dicom_qr_gateway.sandbox.elements import tag_of
from dicom_qr_gateway.sandbox.query import (
    PATIENT_ROOT,
    STUDY_ROOT,
    IdentifierDoesNotMatch,
    read_query,
    read_retrieve,
)


def an_identifier(level: str | None, **keys: Any) -> Dataset:
    """Return an identifier as it comes from the network."""
    dataset = Dataset()
    if level is not None:
        dataset.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(dataset, keyword, value)
    encoded = encode(dataset, True, True)
    assert encoded is not None
    return decode(BytesIO(encoded), True, True)


def test_a_query_is_a_level_and_the_text_of_its_keys() -> None:
    identifier = an_identifier(
        "STUDY", SpecificCharacterSet="ISO_IR 192", PatientName="山田*", StudyInstanceUID=""
    )
    query = read_query(identifier, STUDY_ROOT)
    assert query.level is QueryRetrieveLevel.STUDY
    assert query.keys == {tag_of("PatientName"): "山田*", tag_of("StudyInstanceUID"): ""}


def test_private_keys_and_sequences_are_ignored() -> None:
    identifier = an_identifier("STUDY", RequestAttributesSequence=[Dataset()])
    identifier.private_block(0x0009, "SANDBOX", create=True).add_new(1, "LO", "private")
    assert set(read_query(identifier, STUDY_ROOT).keys) == {tag_of("RequestAttributesSequence")}


@pytest.mark.parametrize("level", [None, "", "FRAME", "STUDIES", "PATIENT"])
def test_a_level_outside_the_model_does_not_match(level: str | None) -> None:
    with pytest.raises(IdentifierDoesNotMatch):
        read_query(an_identifier(level, PatientID="1"), STUDY_ROOT)


@pytest.mark.parametrize("uid", ["", "1.2\\1.3"])
def test_a_level_above_needs_one_unique_key(uid: str) -> None:
    identifier = an_identifier("SERIES", StudyInstanceUID=uid.split("\\"))
    with pytest.raises(IdentifierDoesNotMatch):
        read_query(identifier, STUDY_ROOT)


def test_the_patient_root_asks_for_the_patient_id_too() -> None:
    with pytest.raises(IdentifierDoesNotMatch):
        read_query(an_identifier("STUDY", PatientID="SB-*"), PATIENT_ROOT)
    assert read_query(an_identifier("STUDY", PatientID="SB-0002"), PATIENT_ROOT)


def test_a_retrieve_counts_unique_keys_only() -> None:
    identifier = an_identifier("STUDY", StudyInstanceUID="1.2", StudyDate="20240101")
    assert read_retrieve(identifier, STUDY_ROOT).keys == {tag_of("StudyInstanceUID"): "1.2"}


def test_a_retrieve_takes_a_list_of_uids() -> None:
    identifier = an_identifier("STUDY", StudyInstanceUID=["1.2", "1.3"])
    query = read_retrieve(identifier, STUDY_ROOT)
    assert query.keys == {tag_of("StudyInstanceUID"): "1.2\\1.3"}


@pytest.mark.parametrize(
    ("level", "keys"),
    [
        ("STUDY", {"StudyInstanceUID": ""}),
        ("STUDY", {"PatientID": "1"}),
        ("PATIENT", {"PatientID": "*"}),
        ("PATIENT", {"PatientID": ["1", "2"]}),
    ],
)
def test_a_retrieve_of_everything_is_refused(level: str, keys: dict[str, Any]) -> None:
    with pytest.raises(IdentifierDoesNotMatch):
        read_retrieve(an_identifier(level, **keys), PATIENT_ROOT)
