"""Where the tests' associations come from."""

from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.target_policy import TargetPolicy
from dicom_qr_gateway.dicom.types import Limits
from dicom_qr_gateway.dicom.waiting import StopSignal


def a_pool(limits: Limits, stop: StopSignal) -> Pool:
    """Return a pool of a worker with 16 threads that may ask every PACS."""
    return Pool(limits, stop, Bulkheads(limits, threads=16), TargetPolicy())
