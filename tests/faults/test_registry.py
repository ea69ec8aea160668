"""What every fault has, and which faults there must be."""

import re

import pytest
from pynetdicom.status import (
    GENERAL_STATUS,
    QR_FIND_SERVICE_CLASS_STATUS,
    QR_MOVE_SERVICE_CLASS_STATUS,
)

from dicom_qr_gateway.sandbox.misbehaving import FAMILIES, FAULTS, PORT_FAULTS, Service
from dicom_qr_gateway.sandbox.misbehaving.fault import LONGEST_AE_TITLE

# Success, and what is no final status.
NO_FAILURES = {0x0000, 0xFF00, 0xFF01}
EXAMPLES_OF_A_RANGE = {0xA900, 0xA9FF, 0xC000, 0xC001, 0xCFFF}


def test_a_name_is_one_fault() -> None:
    names = [fault.name for family in FAMILIES for fault in family.faults]
    assert len(names) == len(set(names)) == len(FAULTS)
    assert len({each.name for each in PORT_FAULTS}) == len(PORT_FAULTS)


def test_a_name_is_an_ae_title() -> None:
    for name, fault in FAULTS.items():
        assert re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)*", name)
        assert len(name) <= LONGEST_AE_TITLE
        assert name.startswith("M-") == (fault.service is Service.MOVE)


def test_a_sentence_is_one() -> None:
    for fault in (*FAULTS.values(), *PORT_FAULTS):
        assert re.fullmatch(r"[A-Z][^|\n]+[^.]\.", fault.sentence)


def test_the_three_names_of_the_specification_are_there() -> None:
    assert {"RST-AFTER-1", "HALF-PDU", "SLOW-1BPS"} <= set(FAULTS)


@pytest.mark.parametrize(
    ("prefix", "table"),
    [("F", QR_FIND_SERVICE_CLASS_STATUS), ("M", QR_MOVE_SERVICE_CLASS_STATUS)],
)
def test_every_final_status_of_the_standard_is_there(
    prefix: str, table: dict[int, tuple[str, str]]
) -> None:
    codes = (set(table) | set(GENERAL_STATUS)) - NO_FAILURES
    codes -= {code for code in codes if is_in_a_range(code)}
    missing = {f"{prefix}-{code:04X}" for code in codes | EXAMPLES_OF_A_RANGE} - set(FAULTS)
    assert not missing


def is_in_a_range(code: int) -> bool:
    return 0xA900 <= code <= 0xA9FF or 0xC000 <= code <= 0xCFFF


def test_every_rejection_of_the_standard_is_there() -> None:
    for result in (1, 2):
        for source, reasons in {1: (1, 2, 3, 7), 2: (1, 2), 3: (1, 2)}.items():
            assert {f"RJ-{result}-{source}-{reason}" for reason in reasons} <= set(FAULTS)


def test_every_abort_of_the_standard_is_there() -> None:
    assert {"ABORT-0-0", *(f"ABORT-2-{reason}" for reason in (0, 1, 2, 4, 5, 6))} <= set(FAULTS)
