"""Matches that are well encoded and not what was asked for."""

from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Truth
from dicom_qr_gateway.sandbox.misbehaving.peer import PENDING, SUCCESS, Peer
from dicom_qr_gateway.sandbox.misbehaving.studies import SOMEBODY_ELSE, STUDY_INSTANCE_UID

FAMILY = Family("Matches")

OTHER_STUDY = f"{STUDY_INSTANCE_UID}.2"


@FAMILY.find("DUPLICATES", Truth.COMPLETE)
def duplicates(peer: Peer) -> None:
    """Sends the same match three times."""
    for _ in range(3):
        peer.match()
    peer.respond(SUCCESS)


@FAMILY.find("FOREIGN", Truth.OTHER_PATIENT)
def studies_of_another_patient(peer: Peer) -> None:
    """Ignores the Patient ID key and sends another patient's study."""
    peer.match(PatientID=SOMEBODY_ELSE)
    peer.respond(SUCCESS)


@FAMILY.find("FOREIGN-TOO", Truth.COMPLETE)
def studies_of_another_patient_too(peer: Peer) -> None:
    """Sends the patient's study, and another patient's."""
    peer.match(PatientID=SOMEBODY_ELSE, StudyInstanceUID=OTHER_STUDY)
    peer.match()
    peer.respond(SUCCESS)


@FAMILY.find("FOREIGN-SAME-UID", Truth.COMPLETE)
def one_study_of_two_patients(peer: Peer) -> None:
    """Sends the same study twice, as the patient's and as another patient's."""
    peer.match(PatientID=SOMEBODY_ELSE)
    peer.match()
    peer.respond(SUCCESS)


@FAMILY.find("FOREIGN-ALIKE", Truth.OTHER_PATIENT)
def patient_id_with_a_letter_more(peer: Peer) -> None:
    """Sends a study of a patient whose ID has one letter more than the one asked for."""
    peer.match(PatientID=peer.patient_id + "X")
    peer.respond(SUCCESS)


@FAMILY.find("NO-PATIENT-ID", Truth.OTHER_PATIENT)
def match_without_patient_id(peer: Peer) -> None:
    """Sends a match without a Patient ID: it may be anybody's."""
    peer.match(PatientID=None)
    peer.respond(SUCCESS)


@FAMILY.find("NO-UID", Truth.PROTOCOL_ERROR)
def match_without_study_instance_uid(peer: Peer) -> None:
    """Sends a match without a Study Instance UID."""
    peer.match(StudyInstanceUID=None)
    peer.respond(SUCCESS)


@FAMILY.find("ONE-WITHOUT-UID", Truth.PROTOCOL_ERROR)
def one_match_without_study_instance_uid(peer: Peer) -> None:
    """Sends a good match, and one whose Study Instance UID is empty."""
    peer.match()
    peer.match(StudyInstanceUID="")
    peer.respond(SUCCESS)


@FAMILY.find("NO-LEVEL", Truth.COMPLETE)
def match_without_level(peer: Peer) -> None:
    """Sends a match without a Query/Retrieve Level."""
    peer.match(QueryRetrieveLevel=None)
    peer.respond(SUCCESS)


@FAMILY.find("FF01", Truth.COMPLETE)
def pending_with_a_warning(peer: Peer) -> None:
    """Sends its match with FF01: optional keys were not supported."""
    peer.respond(0xFF01, peer.study())
    peer.respond(SUCCESS)


@FAMILY.find("FINAL-DATA-SET", Truth.COMPLETE)
def final_response_with_a_data_set(peer: Peer) -> None:
    """Sends its match, and a data set with the final Success too, which is no match."""
    peer.match()
    peer.respond(SUCCESS, {"QueryRetrieveLevel": "STUDY", "RetrieveAETitle": "ELSEWHERE"})


@FAMILY.find("FINAL-MATCH", Truth.PROTOCOL_ERROR)
def match_in_the_final_response(peer: Peer) -> None:
    """Sends its only match as the data set of the final Success."""
    peer.respond(SUCCESS, peer.study())


@FAMILY.find("LATE-MATCH", Truth.PROTOCOL_ERROR)
def match_after_the_final_response(peer: Peer) -> None:
    """Sends one match and Success, and a further match behind it in the same segment."""
    late = peer.response(PENDING, peer.study(StudyInstanceUID=OTHER_STUDY))
    peer.match()
    peer.send(peer.response(SUCCESS) + late)
