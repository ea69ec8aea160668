"""Apache's mod_wsgi, as deploy/apache.conf sets it up."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# mod_wsgi runs the Python that Debian built it for, not the one that runs the tests.
DEBIAN_PYTHON = "/usr/bin/python3"
USER = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""


@pytest.fixture
def home(installed_gateway, readable_folder):
    """A virtual environment with the gateway, and wsgi.py, all readable by www-data."""
    home = readable_folder / "gateway"
    subprocess.run([DEBIAN_PYTHON, "-m", "venv", "--without-pip", home], check=True)
    (packages,) = home.glob("lib/python3*/site-packages")
    (packages / "gateway.pth").write_text(f"{installed_gateway.packages}\n")
    shutil.copy(ROOT / "wsgi.py", home)
    return home


def test_wsgi_py_works_under_mod_wsgi(start, free_port, substituted, home, assert_serves):
    port = free_port()
    site = substituted(
        ROOT / "deploy" / "apache.conf",
        {"*:80": f"127.0.0.1:{port}", "/opt/dicom-qr-gateway": home, "processes=2": "processes=1"},
    )
    modules = "".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
        for name in ("mpm_event", "authz_core", "wsgi")
    )
    configuration = home.parent / "apache2.conf"
    configuration.write_text(
        f"{modules}{USER}ServerName localhost\nListen 127.0.0.1:{port}\n"
        f"PidFile {home.parent}/apache2.pid\nDefaultRuntimeDir {home.parent}\n"
        f"ErrorLog /dev/stderr\n{site}"
    )
    command = ["/usr/sbin/apache2", "-f", configuration, "-DFOREGROUND"]
    assert_serves(start(command, port).serving().client)
