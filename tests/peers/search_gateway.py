"""The gateway as DICOMweb clients meet it: over HTTP on a port of its own, PACS by their names."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from werkzeug.serving import make_server

from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.config import Settings

from .archives import GATEWAY


@contextlib.contextmanager
def serving(folder: Path, pacs: Mapping[str, tuple[str, int]]) -> Iterator[str]:
    """Serve a gateway that knows these PACS, name -> (AE title, port); return its base URL."""
    configuration = folder / "pacs.toml"
    configuration.write_text(
        "".join(
            f'[pacs.{name}]\nhost = "127.0.0.1"\nport = {port}\nae_title = "{ae_title}"\n'
            f'calling_ae_title = "{GATEWAY}"\n'
            for name, (ae_title, port) in pacs.items()
        )
    )
    settings = Settings.from_environ({"LOG_TO_CONSOLE": "false", "PACS_CONFIG": str(configuration)})
    server = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/dicom-web"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
