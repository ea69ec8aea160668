"""Row 4: from the bytes of a thousand matches to JSON text, within the gateway's own process."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import BytesIO

from pynetdicom.dsutils import decode

from benchmarks.common.figures import Row
from benchmarks.performance.bench import Bench
from benchmarks.performance.judging import at_most_of, told
from benchmarks.performance.report import Result
from benchmarks.performance.rounds import interleaved
from benchmarks.performance.studies import encoded_match, encoded_row
from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.identifier import decode_identifier
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_request import read_search
from dicom_qr_gateway.services.qido_rows import Match
from dicom_qr_gateway.services.study import study_from

ROUNDS, MATCHES = 30, 1000
TARGET, SEARCH_TARGET = 10, 16  # ms
OURS, OTHER_SCRIPT = "rows of `/q`", "rows of `/q`, names in another script"
IMPLICIT, EXPLICIT = "rows of `/dicom-web`, implicit VR", "rows of `/dicom-web`, explicit VR"
PYDICOM = "DICOM JSON, pydicom"


def run(_bench: Bench) -> Iterator[Result]:
    plain = [encoded_match(number) for number in range(1, MATCHES + 1)]
    other = [encoded_match(number, PatientName="Иванов^Иван") for number in range(1, MATCHES + 1)]
    alternatives = {
        OURS: partial(_used, _rows, plain),
        OTHER_SCRIPT: partial(_used, _rows, other),
        IMPLICIT: partial(_used, partial(_search_rows, False), _matches_of_a_search(False)),
        EXPLICIT: partial(_used, partial(_search_rows, True), _matches_of_a_search(True)),
        PYDICOM: partial(_used, _by_pydicom, plain),
    }
    series = interleaved(
        f"{MATCHES} identifiers to JSON text, processor time", alternatives, ROUNDS
    )
    yield series
    what = f"{MATCHES} matches: bytes to JSON text, processor time"
    yield at_most_of(f"{what}, keywords", series[OURS], TARGET, "ms")
    yield told(f"{what}, keywords, Cyrillic names", series[OTHER_SCRIPT], "ms")
    for encoding, name in (("implicit VR", IMPLICIT), ("explicit VR", EXPLICIT)):
        yield at_most_of(f"{what}, DICOM JSON, {encoding}", series[name], SEARCH_TARGET, "ms")
    yield told(f"{what}, DICOM JSON by pydicom", series[PYDICOM], "ms")


def _used(convert: Callable[[Sequence[bytes]], bytes], matches: Sequence[bytes]) -> float:
    begun = time.thread_time()
    convert(matches)
    return time.thread_time() - begun


def _rows(matches: Sequence[bytes]) -> bytes:
    return b",".join([study_from(decode_identifier(match, True)).row for match in matches])


def _matches_of_a_search(explicit_vr: bool) -> list[bytes]:
    return [encoded_row(number, explicit_vr) for number in range(1, MATCHES + 1)]


def _search_rows(explicit_vr: bool, matches: Sequence[bytes]) -> bytes:
    demanded = read_search(Level.STUDIES, {}, ()).demanded
    return b",".join([Match(DataSet(match, explicit_vr)).row(demanded) for match in matches])


def _by_pydicom(matches: Sequence[bytes]) -> bytes:
    decoded = [decode(BytesIO(match), False, True).to_json_dict() for match in matches]
    return json.dumps(decoded).encode()


ROW = Row(
    "4",
    "bytes to JSON",
    "The identifiers of the responses are read and written as text; no network, one thread. Those "
    "of `/q` and pydicom's have the twelve keys, in Explicit VR Little Endian; those of "
    "`/dicom-web` what PS3.18 wants of a study, in either encoding.",
    run,
)
