"""A PACS without a fault, to see first that a client works at all."""

from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Truth
from dicom_qr_gateway.sandbox.misbehaving.peer import SUCCESS, Peer

FAMILY = Family("No fault, to compare with")


@FAMILY.association("WELL-BEHAVED", Truth.COMPLETE)
def well_behaved(peer: Peer) -> None:
    """Has one study of every patient, and sends it."""
    peer.accept()
    peer.read_release()


@FAMILY.find("EMPTY", Truth.EMPTY)
def has_nothing(peer: Peer) -> None:
    """Has no study that matches, and says so."""
    peer.respond(SUCCESS)
