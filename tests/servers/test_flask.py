"""``flask run``: for a look, not for patients."""

import sys


def test_wsgi_py_works_under_flask_run(start, free_port, assert_serves):
    port = free_port()
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "run", "--port", str(port)]
    assert_serves(start(command, port).serving().client)
