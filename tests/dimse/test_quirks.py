"""What the quirks of a PACS change on the wire, and what its limit holds back."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom.association_limits import AssociationLimit, AssociationLimits
from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.target_policy import TargetPolicy
from dicom_qr_gateway.dicom.types import ApplicationEntity, QueryRetrieveLevel, Quirks
from dicom_qr_gateway.dicom.uids import STUDY_ROOT_FIND
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import GatewayBusy
from dicom_qr_gateway.services.query import FoundStudies

from .conftest import PATIENT
from .conversation import Conversation
from .scripted_pacs import ScriptedPacs
from .scripts import a_series, a_study, finds

MakePacs = Callable[..., ScriptedPacs]
Find = Callable[..., FoundStudies]


def with_quirks(pacs: ScriptedPacs, **quirks: object) -> ApplicationEntity:
    return replace(pacs.entity, quirks=Quirks(**quirks))  # type: ignore[arg-type]


def test_a_pacs_without_quirks_is_told_128_kib(pacs_with: MakePacs, find: Find) -> None:
    pacs = pacs_with(finds(a_study()))
    find(pacs)
    assert pacs.conversation.proposal.user.max_pdu_length == 131_072


def test_a_pacs_is_told_the_longest_pdu_that_its_table_says(
    pacs_with: MakePacs, find: Find
) -> None:
    pacs = pacs_with(finds(a_study()))
    find(with_quirks(pacs, max_pdu_length=16_384))
    assert pacs.conversation.proposal.user.max_pdu_length == 16_384


def test_a_pacs_is_asked_in_its_character_set(pacs_with: MakePacs, find: Find) -> None:
    pacs = pacs_with(finds(a_study(patient_id="Иванов", SpecificCharacterSet="ISO_IR 192")))
    find(with_quirks(pacs, charset="ISO_IR 144"), patient_id="Иванов")
    asked = pacs.conversation.requests[0].identifier
    assert asked.SpecificCharacterSet == "ISO_IR 144"
    assert asked.PatientID == "Иванов"


def test_the_text_of_a_pacs_that_states_no_character_set_is_assumed(
    pacs_with: MakePacs, find: Find
) -> None:
    bytes_as_latin_1 = "Колено".encode("iso8859-5").decode("latin-1")
    pacs = pacs_with(finds(a_study(StudyDescription=bytes_as_latin_1)))
    [found] = find(with_quirks(pacs, assume_charset="ISO_IR 144")).studies
    assert found.as_dict()["StudyDescription"] == "Колено"


def test_modalities_are_asked_at_series_level_alone(pacs_with: MakePacs, find: Find) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(a_study(ModalitiesInStudy="OT"))
        peer.answer_find(a_series("CT"), a_series("SR"))
        peer.serve_release()

    pacs = pacs_with(script)
    [found] = find(with_quirks(pacs, modality_level=QueryRetrieveLevel.SERIES)).studies
    assert found.as_dict()["ModalitiesInStudy"] == ["CT", "SR"]
    assert "ModalitiesInStudy" not in pacs.conversation.requests[0].identifier


def test_the_limit_of_a_named_pacs_counts_for_its_address(
    pacs_with: MakePacs, stop: StopSignal
) -> None:
    def accepts(peer: Conversation) -> None:
        peer.accept()
        peer.serve_release()

    peer = pacs_with(accepts).entity
    limits = replace(PATIENT, queue_timeout=0.01)
    stated = AssociationLimits([AssociationLimit(peer.host, peer.port, 1)])
    pool = Pool(limits, stop, Bulkheads(limits, threads=16), TargetPolicy(), stated)
    other_title = replace(peer, ae_title="OTHER")
    with (
        pool.association(peer, "GATEWAY", (STUDY_ROOT_FIND,), None),
        pytest.raises(GatewayBusy),
        pool.association(other_title, "GATEWAY", (STUDY_ROOT_FIND,), None),
    ):
        pass
