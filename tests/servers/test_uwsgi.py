"""uWSGI, as deploy/uwsgi.ini sets it up."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_wsgi_py_works_under_uwsgi(start, free_port, substituted, assert_serves, tmp_path):
    port = free_port()
    ini = tmp_path / "uwsgi.ini"
    ini.write_text(
        substituted(
            ROOT / "deploy" / "uwsgi.ini",
            {"127.0.0.1:8080": f"127.0.0.1:{port}", "/opt/dicom-qr-gateway": sys.prefix},
        )
    )
    program = start([Path(sys.prefix, "bin", "uwsgi"), "--ini", ini], port)
    assert_serves(program.serving().client)
    program.process.terminate()
    # Seldom a worker hangs at its end, with Python's own threads gone; uWSGI kills it after 35 s.
    assert program.process.wait(70) == 0
