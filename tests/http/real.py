"""The gateway with its own services, so that a request goes all the way to a PACS."""

from dicom_qr_gateway.app import create_app

from .conftest import ContractClient, openapi_document, quiet_settings


def a_gateway(**environ: str) -> ContractClient:
    """Return a client of a gateway with these options; it holds every answer to the document."""
    document = openapi_document()
    app = create_app(quiet_settings(**environ))
    app.extensions["document"] = document
    app.test_client_class = ContractClient
    client = app.test_client()
    assert isinstance(client, ContractClient)
    return client
