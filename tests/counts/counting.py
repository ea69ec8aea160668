"""What one ``/q`` costs, in counts that do not depend on the machine: run it, it prints JSON.

A process of its own, since profilers and coverage cannot both watch the interpreter.
"""

import json
import socket
import sys
import threading
import tracemalloc
from collections import Counter
from types import FrameType
from typing import Any

from werkzeug.test import EnvironBuilder

from benchmarks.common import wire
from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.dicom.associate import AssociateRQ
from dicom_qr_gateway.dicom.pdu import DataTF, PduReader, ReleaseRP, encode_pdu


def serve(sock: socket.socket) -> None:
    """Answer a C-FIND with as many studies as the Patient ID says."""
    reader, requests = PduReader(), wire.RequestReader()
    while data := sock.recv(65536):
        reader.feed(data)
        while (pdu := reader.pop()) is not None:
            if isinstance(pdu, AssociateRQ):
                sock.sendall(wire.acceptance(pdu))
            elif isinstance(pdu, DataTF):
                request = requests.add(pdu)
                if request is not None:
                    answer(sock, request)
            else:
                sock.sendall(encode_pdu(ReleaseRP()))


def answer(sock: socket.socket, request: wire.Request) -> None:
    """Say all responses at once: in how many pieces they arrived would else be chance."""
    patient_id = wire.patient_id_of(request.identifier)
    matches = [
        wire.a_match(1, PatientID=patient_id, StudyInstanceUID=f"1.2.{number}")
        for number in range(int(patient_id))
    ]
    responses = [wire.response(request, wire.PENDING, match) for match in matches]
    sock.sendall(b"".join([*responses, wire.response(request, wire.SUCCESS)]))


def listen(listener: socket.socket) -> None:
    while True:
        sock, _ = listener.accept()
        with sock:
            serve(sock)


class Gateway:
    """The application and a PACS for it."""

    def __init__(self) -> None:
        self.app = create_app(Settings.from_environ({"LOG_TO_CONSOLE": "false"}))
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        threading.Thread(target=listen, args=(listener,), daemon=True).start()

    def environ(self, matches: int) -> dict[str, Any]:
        body = {
            "pacs_ip": "127.0.0.1",
            "pacs_port": self.port,
            "pacs_ae_title": "PACS",
            "c_find_ae_title": "GATEWAY",
            "patient_id": str(matches),
        }
        return EnvironBuilder("/q", method="POST", json=body).get_environ()

    def ask(self, environ: dict[str, Any]) -> int:
        """Return the length of the answer, of which nothing is kept."""
        statuses: list[str] = []
        pieces = self.app.wsgi_app(environ, lambda status, *_: statuses.append(status))
        length = sum(map(len, pieces))
        pieces.close()
        assert statuses == ["200 OK"]
        return length

    def calls(self, matches: int) -> int:
        """Return how many functions are called, of Python and of C."""
        environ = self.environ(matches)
        events: Counter[str] = Counter()
        sys.setprofile(lambda _frame, event, _argument: events.update((event,)))
        try:
            self.ask(environ)
        finally:
            sys.setprofile(None)
        return events["call"] + events["c_call"]

    def instructions(self, matches: int) -> int:
        """Return how many instructions of Python's bytecode are executed."""
        environ = self.environ(matches)
        executed = 0

        def trace(frame: FrameType, event: str, _argument: object) -> Any:
            nonlocal executed
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            executed += event == "opcode"
            return trace

        sys.settrace(trace)
        try:
            self.ask(environ)
        finally:
            sys.settrace(None)
        return executed

    def memory(self, matches: int) -> tuple[int, int]:
        """Return the peak of what is allocated, and the length of the answer, in bytes."""
        environ = self.environ(matches)
        tracemalloc.start()
        length = self.ask(environ)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak, length


def main() -> None:
    gateway = Gateway()
    gateway.ask(gateway.environ(1))
    threads = threading.active_count()
    one, many = gateway.calls(1), gateway.calls(501)
    few_instructions, more_instructions = gateway.instructions(1), gateway.instructions(501)
    peak, answer_bytes = gateway.memory(3000)
    counts = {
        "calls": one,
        "calls_a_match": (many - one) / 500,
        "instructions": few_instructions,
        "instructions_a_match": (more_instructions - few_instructions) / 500,
        "peak_of_answer": peak / answer_bytes,
        "threads": threading.active_count() - threads,
    }
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    main()
