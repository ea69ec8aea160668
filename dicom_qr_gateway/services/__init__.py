"""Clinical logic between a valid request and the DICOM adapter; knows nothing of HTTP."""
