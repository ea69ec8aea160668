"""Where the tests' associations come from."""

from dicom_qr_gateway.dicom.association_limits import AssociationLimit, AssociationLimits
from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.target_policy import TargetPolicy
from dicom_qr_gateway.dicom.types import Limits
from dicom_qr_gateway.dicom.waiting import StopSignal


def a_pool(limits: Limits, stop: StopSignal, *stated: AssociationLimit) -> Pool:
    """Return a pool of a worker with 16 threads that may ask every PACS."""
    bulkheads = Bulkheads(limits, threads=16)
    return Pool(limits, stop, bulkheads, TargetPolicy(), AssociationLimits(stated))
