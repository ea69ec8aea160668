"""What a query costs the network: as few turns as the protocol allows."""

from collections.abc import Callable

from dicom_qr_gateway.dicom.pdu import AssociateRQ, DataTF, ReleaseRQ
from dicom_qr_gateway.services.query import FoundStudies

from .scripted_pacs import ScriptedPacs
from .scripts import a_study, finds


def test_a_query_is_three_sends_and_no_more(
    pacs_with: Callable[..., ScriptedPacs], find: Callable[..., FoundStudies]
) -> None:
    pacs = pacs_with(finds(a_study()))
    find(pacs)
    conversation = pacs.conversation
    assert [type(pdu) for pdu in conversation.pdus] == [AssociateRQ, DataTF, DataTF, ReleaseRQ]
    assert len(conversation.reads) == 3
