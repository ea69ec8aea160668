"""How the real peers are associated with, and what they say to strangers."""

from dataclasses import replace

from .archives import FRIENDS_ONLY, GATEWAY, Archive
from .gateway import Gateway
from .made_studies import WESTERN
from .processes import eventually, output_of

RELEASED = "Association Release"  # in the logs of both
STRANGER = "STRANGER"


def test_a_wrong_called_ae_title_is_rejected_and_the_message_names_it(
    gateway: Gateway, archive: Archive
) -> None:
    answer = gateway.q(replace(archive, ae_title="WRONG"), WESTERN.patient_id)

    assert answer.status_code == 502
    assert answer.json is not None
    assert answer.json["error"] == "association_rejected"
    assert answer.json["dicom"] == {"result": 1, "source": 1, "reason": 7}
    assert "the PACS does not know AE title WRONG as its own name" in answer.json["message"]


def test_an_orthanc_that_does_not_know_the_calling_ae_title_aborts_and_that_is_an_error(
    gateway: Gateway, orthanc: Archive
) -> None:
    answer = gateway.q(orthanc, WESTERN.patient_id, c_find_ae_title=STRANGER)

    assert answer.status_code == 502
    assert answer.json is not None
    assert answer.json["error"] == "association_aborted"


def test_a_dcmqrscp_that_does_not_know_the_calling_ae_title_rejects_the_association(
    gateway: Gateway, dcmqrscp: Archive
) -> None:
    for_friends = replace(dcmqrscp, ae_title=FRIENDS_ONLY)

    known = gateway.q(for_friends, WESTERN.patient_id)
    unknown = gateway.q(for_friends, WESTERN.patient_id, c_find_ae_title=STRANGER)

    assert known.status_code == 200
    assert unknown.status_code == 502
    assert unknown.json is not None
    assert unknown.json["error"] == "association_rejected"


def test_every_association_is_released_and_the_pacs_serves_others_afterwards(
    gateway: Gateway, archive: Archive
) -> None:
    before = archive.log_lines(containing=RELEASED)

    for _ in range(20):
        assert gateway.q(archive, WESTERN.patient_id).status_code == 200

    eventually(
        lambda: archive.log_lines(containing=RELEASED) == before + 20,
        "20 associations were released",
    )
    output_of(
        *("echoscu", "--aetitle", GATEWAY, "--call", archive.ae_title),
        *("--timeout", "5", "127.0.0.1", str(archive.port)),
    )
