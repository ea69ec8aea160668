"""A PACS that follows scripts: a listening socket, and one small function a connection."""

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable

from dicom_qr_gateway.dicom.types import ApplicationEntity

from .conversation import Conversation, GatewayEnded

PATIENCE = 20.0  # seconds a script waits for the gateway before it counts as broken

Script = Callable[[Conversation], None]


class ScriptedPacs:
    """Serves one connection after the other, each by the next script, all others by the last."""

    def __init__(self, *scripts: Script, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self._scripts = itertools.chain(scripts, itertools.repeat(scripts[-1]))
        self._conversations: list[Conversation] = []
        self._failures: list[BaseException] = []
        self.entity = ApplicationEntity(host, self._listener.getsockname()[1], "PACS")
        self._thread = threading.Thread(target=self._serve, name="scripted-pacs", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for script in self._scripts:
            try:
                sock, _ = self._listener.accept()
            except OSError:  # the end of the test
                return
            sock.settimeout(PATIENCE)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conversation = Conversation(sock)
            self._conversations.append(conversation)
            with sock, contextlib.suppress(GatewayEnded, ConnectionError):
                self._run(script, conversation)

    def _run(self, script: Script, conversation: Conversation) -> None:
        try:
            script(conversation)
        except (GatewayEnded, ConnectionError):
            raise
        except BaseException as failure:
            self._failures.append(failure)

    def stop_listening(self) -> None:
        """Take no further connection."""
        with contextlib.suppress(OSError):  # when it is done twice
            self._listener.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """Let the script under way end, take no further connection; raise what failed in one."""
        self.stop_listening()
        self._thread.join(PATIENCE)
        self._listener.close()
        assert not self._thread.is_alive()
        for failure in self._failures:
            raise failure

    @property
    def conversations(self) -> list[Conversation]:
        """Return all conversations, once they are over; the PACS is finished by asking."""
        self.finish()
        return self._conversations

    @property
    def conversation(self) -> Conversation:
        """Return the one conversation there was."""
        (only,) = self.conversations
        return only
