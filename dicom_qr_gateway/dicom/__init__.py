"""The DICOM adapter: our own requestor association, one SCU function a service."""
