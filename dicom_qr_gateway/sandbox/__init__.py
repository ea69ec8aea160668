"""An embedded demo PACS with synthetic patients, for the first run, tests and examples.

Rule: product code, not a mock. It speaks DICOM as a good PACS does and knows nothing of
the gateway.
"""

from dicom_qr_gateway.sandbox.listener import CannotListen
from dicom_qr_gateway.sandbox.server import Sandbox, serve

__all__ = ["CannotListen", "Sandbox", "serve"]
