"""What each A-ASSOCIATE-RJ means and who must do what about it (PS3.8 table 9-21)."""

from typing import Final

from dicom_qr_gateway.dicom.pdu import AssociateRJ
from dicom_qr_gateway.errors import AssociationRejected, PacsBusy

REJECTED_TRANSIENT: Final = 2

SERVICE_USER: Final = 1
SERVICE_PROVIDER_ACSE: Final = 2
SERVICE_PROVIDER_PRESENTATION: Final = 3

# (source, reason) -> what to tell; {called} and {calling} are the AE titles of the request.
_REASONS: Final = {
    (SERVICE_USER, 1): "The PACS rejected the association and gave no reason: its own log says why,"
    " often that it does not know the calling AE title {calling}.",
    (SERVICE_USER, 2): "The PACS does not support the DICOM application context.",
    (SERVICE_USER, 3): "Calling AE title not recognized: add {calling}, with this gateway's"
    " address, to the PACS' list of known nodes.",
    (SERVICE_USER, 7): "Called AE title not recognized: the PACS does not know AE title {called} as"
    " its own name, or does not serve AE title {calling} under it.",
    (SERVICE_PROVIDER_ACSE, 1): "The PACS' association control rejected the association and gave no"
    " reason: its own log says why.",
    (SERVICE_PROVIDER_ACSE, 2): "The PACS does not support this version of the DICOM protocol.",
    (SERVICE_PROVIDER_PRESENTATION, 1): "Temporary congestion at the PACS.",
    (SERVICE_PROVIDER_PRESENTATION, 2): "A local limit of the PACS is exceeded.",
}
_CONGESTION: Final = {(SERVICE_PROVIDER_PRESENTATION, 1), (SERVICE_PROVIDER_PRESENTATION, 2)}


def is_transient(rejection: AssociateRJ) -> bool:
    """Tell whether waiting may cure the rejection; some peers call congestion permanent."""
    reason = (rejection.source, rejection.reason)
    return rejection.result == REJECTED_TRANSIENT or reason in _CONGESTION


def rejection_error(
    rejection: AssociateRJ, called_ae_title: str, calling_ae_title: str
) -> AssociationRejected | PacsBusy:
    """Return the error of a rejection that is final, or of one that did not go away by waiting."""
    dicom = {
        "result": rejection.result,
        "source": rejection.source,
        "reason": rejection.reason,
    }
    cause = (rejection.source, rejection.reason)
    text = _REASONS.get(
        cause, "The PACS rejected the association for a reason that the standard does not know."
    ).format(called=called_ae_title, calling=calling_ae_title)
    if cause in _CONGESTION:
        return PacsBusy(
            "The PACS is at its limit and rejected the association for the moment: try again"
            " later.",
            dicom=dicom,
        )
    if is_transient(rejection):
        return PacsBusy(
            f"The PACS rejected the association for the moment, so try again later. {text}",
            dicom=dicom,
        )
    return AssociationRejected(text, dicom=dicom)
