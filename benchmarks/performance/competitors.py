"""What else asks a PACS: findscu, Orthanc's REST interface, pynetdicom; each a function that asks
once and returns the seconds it took.

Rule: nobody is asked to do more than a user of it needs; all have to find every match.
"""

import os
import re
import socket
import subprocess
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from benchmarks.common.programs import WITHOUT_PYNETDICOMS, Broken
from benchmarks.performance.peers import CALLING, Orthanc, Peer
from benchmarks.performance.rounds import Measure
from dicom_qr_gateway.dicom.uids import STUDY_ROOT_FIND
from dicom_qr_gateway.services.study import KEYS

SUCCESS = 0x0000


def findscu(
    peer: Peer, patient_id: str, matches: int, environment: Mapping[str, str] | None = None
) -> Measure:
    """Ask by DCMTK's findscu for the contract's twelve keys."""
    keys = dict.fromkeys(KEYS.values(), "") | {
        "QueryRetrieveLevel": "STUDY",
        "PatientID": patient_id,
    }
    return findscu_for(keys, peer, matches, environment)


def findscu_for(
    keys: Mapping[str, str], peer: Peer, matches: int, environment: Mapping[str, str] | None = None
) -> Measure:
    """Ask by DCMTK's findscu, whose output is read as a user's terminal does."""
    asked = [part for key, value in keys.items() for part in ("-k", f"{key}={value}")]
    names = ["-aet", CALLING, "-aec", peer.ae_title, "127.0.0.1", str(peer.port)]
    command = ["findscu", "-S", *asked, *names]
    return partial(
        _run, command, {**os.environ, **WITHOUT_PYNETDICOMS, **(environment or {})}, matches
    )


def _run(command: list[str], environment: Mapping[str, str], matches: int) -> float:
    begun = time.perf_counter()
    done = subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
        close_fds=False,
    )
    seconds = time.perf_counter() - begun
    _check("findscu", len(re.findall(rb"\(Pending\)", done.stdout)), matches)
    return seconds


def orthanc_rest(asker: Orthanc, peer: Peer, patient_id: str, matches: int) -> Measure:
    """Ask by another Orthanc's REST interface."""
    asker.know(peer)

    def once() -> float:
        begun = time.perf_counter()
        found = asker.find(peer, patient_id, KEYS.values())
        seconds = time.perf_counter() - begun
        _check("Orthanc", found, matches)
        return seconds

    return once


def _at_once(event: evt.Event) -> None:
    """Turn Nagle's algorithm off, and delayed acknowledgements until the next receive."""
    transport = event.assoc.dul.socket
    connection = transport.socket if transport else None
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


TUNED: list[Any] = [
    (evt.EVT_CONN_OPEN, _at_once),
    (evt.EVT_DATA_RECV, _at_once),
    (evt.EVT_DATA_SENT, _at_once),
]


def pynetdicom_find(peer: Peer, patient_id: str, *, tuned: bool) -> list[Dataset]:
    """Return the matches as pynetdicom hands them over, their values still unread.

    Raises:
        Broken: the PACS was not reached, or did not answer with Success.
    """
    ae = AE(CALLING)
    ae.add_requested_context(STUDY_ROOT_FIND)
    identifier = Dataset()
    for key in KEYS.values():
        setattr(identifier, key, "")
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.PatientID = patient_id
    handlers = TUNED if tuned else []
    association = ae.associate(
        "127.0.0.1", peer.port, ae_title=peer.ae_title, evt_handlers=handlers
    )
    if not association.is_established:
        raise Broken("pynetdicom has no association")
    answers = list(association.send_c_find(identifier, STUDY_ROOT_FIND))
    association.release()
    if answers[-1][0].get("Status") != SUCCESS:
        raise Broken("pynetdicom has no final Success")
    return [match for _, match in answers if match is not None]


def pynetdicom(peer: Peer, patient_id: str, matches: int, *, tuned: bool) -> Measure:
    """Ask by pynetdicom, on a new association."""

    def once() -> float:
        begun = time.perf_counter()
        found = pynetdicom_find(peer, patient_id, tuned=tuned)
        seconds = time.perf_counter() - begun
        _check("pynetdicom", len(found), matches)
        return seconds

    return once


def _check(who: str, found: int, matches: int) -> None:
    if found != matches:
        raise Broken(f"{who} found {found} of {matches} matches")
