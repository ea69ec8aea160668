"""DICOM QR Gateway: C-FIND and C-MOVE for applications that speak HTTP and JSON."""

__version__ = "0.1.0"
