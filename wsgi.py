"""The WSGI application, for every server: ``wsgi:app``."""

from dicom_qr_gateway.app import create_app

app = create_app()
application = app  # what mod_wsgi looks for
