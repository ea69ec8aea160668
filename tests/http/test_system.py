"""The gateway about itself."""

import platform
from importlib.metadata import version

import dicom_qr_gateway


def test_health_answers_without_looking_at_anything(client):
    response = client.get("/health")

    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_version_names_the_gateway_and_what_it_stands_on(client):
    assert client.get("/version").json == {
        "name": "dicom-qr-gateway",
        "version": dicom_qr_gateway.__version__,
        "python": platform.python_version(),
        "pynetdicom": version("pynetdicom"),
        "pydicom": version("pydicom"),
    }


def test_ready_is_503_while_draining_and_everything_else_is_served(app, client):
    assert client.get("/ready").json == {"status": "ok"}

    app.extensions["lifecycle"].draining = True
    response = client.get("/ready")

    assert response.status_code == 503
    assert response.json["error"] == "shutting_down"
    assert response.headers["Retry-After"] == "5"
    assert client.get("/health").status_code == 200
    assert client.q().status_code == 200
