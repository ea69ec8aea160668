"""Every status code has a category, a meaning and a sentence for an integrator."""

import subprocess
import sys
from typing import get_args

import pytest
from pynetdicom import status as pynetdicom_status

from dicom_qr_gateway.dicom.status import (
    Category,
    Service,
    advice,
    describe,
    hex_status,
    refuses_identifier,
)

PYNETDICOM_TABLES: dict[Service, dict[int, tuple[str, str]]] = {
    "C-ECHO": pynetdicom_status.VERIFICATION_SERVICE_CLASS_STATUS,
    "C-FIND": pynetdicom_status.QR_FIND_SERVICE_CLASS_STATUS,
    "C-MOVE": pynetdicom_status.QR_MOVE_SERVICE_CLASS_STATUS,
    "C-GET": pynetdicom_status.QR_GET_SERVICE_CLASS_STATUS,
    "C-STORE": pynetdicom_status.STORAGE_SERVICE_CLASS_STATUS,
}
SERVICES: tuple[Service, ...] = get_args(Service)


@pytest.mark.parametrize("service", SERVICES)
def test_every_code_that_pynetdicom_knows_has_the_same_category(service: Service) -> None:
    table = PYNETDICOM_TABLES[service]
    ours = {code: describe(service, code).category.value for code in table}
    assert ours == {code: category.lower() for code, (category, _) in table.items()}


@pytest.mark.parametrize("service", SERVICES)
def test_every_code_that_pynetdicom_knows_has_a_meaning_of_its_own(service: Service) -> None:
    for code in PYNETDICOM_TABLES[service]:
        assert describe(service, code).meaning != "status not in the standard"


@pytest.mark.parametrize("service", SERVICES)
def test_only_0000_is_success_and_every_code_has_an_answer(service: Service) -> None:
    for code in range(0x10000):
        status = describe(service, code)
        assert status.code == code
        assert (status.category is Category.SUCCESS) == (code == 0)
        assert advice(service, code).endswith(".")


@pytest.mark.parametrize("code", [0x0002, 0x01FF, 0x02FF, 0x7000, 0xA123, 0xD000, 0xFE01, 0xFFFF])
def test_a_code_outside_the_standard_is_a_failure(code: int) -> None:
    status = describe("C-FIND", code)
    assert status.category is Category.FAILURE
    assert status.meaning == "status not in the standard"
    assert hex_status(code) in advice("C-FIND", code)


@pytest.mark.parametrize("code", [0x0001, 0xB123, 0xBFFF])
def test_a_code_of_the_warning_class_is_a_warning_without_a_table(code: int) -> None:
    assert describe("C-FIND", code).category is Category.WARNING


@pytest.mark.parametrize("code", [0xFF00, 0xFF01])
def test_pending_is_pending_only_where_more_responses_can_follow(code: int) -> None:
    pending = {s for s in SERVICES if describe(s, code).category is Category.PENDING}
    assert pending == {"C-FIND", "C-MOVE", "C-GET"}


@pytest.mark.parametrize("code", [0xC000, 0xC123, 0xCFFF])
def test_a_range_has_one_meaning(code: int) -> None:
    assert describe("C-FIND", code).meaning == "unable to process"


@pytest.mark.parametrize("code", [0xA701, 0xA702, 0xC000, 0xC001])
def test_a_move_that_could_not_send_says_what_to_check(code: int) -> None:
    assert advice("C-MOVE", code, move_destination="VIEWER") == (
        "The PACS could not send: check that it knows the destination VIEWER, can reach it, "
        "and still has the study."
    )


def test_an_unknown_move_destination_is_named() -> None:
    sentence = advice("C-MOVE", 0xA801, move_destination="VIEWER")
    assert sentence.startswith("The PACS does not know the destination VIEWER:")


def test_a_destination_in_braces_is_only_a_name() -> None:
    assert "the destination {service}:" in advice("C-MOVE", 0xA801, move_destination="{service}")


def test_advice_needs_no_destination() -> None:
    assert "does not know the destination:" in advice("C-MOVE", 0xA801)


@pytest.mark.parametrize(
    ("service", "code", "words"),
    [
        ("C-FIND", 0xA700, "out of resources"),
        ("C-FIND", 0xA900, "does not accept these keys at this level"),
        ("C-FIND", 0xB001, "more matches than it returns"),
        ("C-FIND", 0xC001, "could not process the query"),
        ("C-FIND", 0x0110, "0x0110 (processing failure)"),
        ("C-ECHO", 0x0122, "does not support the SOP class: check that it offers C-ECHO"),
        ("C-MOVE", 0x0124, "must allow C-MOVE to the calling AE title"),
        ("C-MOVE", 0xB000, "could not send all instances"),
        ("C-MOVE", 0xFE00, "cancelled"),
        ("C-GET", 0xA702, "still has the study"),
        ("C-STORE", 0xA700, "check its storage"),
    ],
)
def test_advice_says_in_plain_words_what_happened(service: Service, code: int, words: str) -> None:
    assert words in advice(service, code)


def test_only_what_is_said_of_the_identifier_refuses_it() -> None:
    refusals = [code for code in range(0x10000) if refuses_identifier(code)]
    assert refusals == [*range(0xA900, 0xAA00)]


def test_a_status_is_shown_with_four_hexadecimal_digits() -> None:
    assert [hex_status(code) for code in (0, 0x0110, 0xA702)] == ["0x0000", "0x0110", "0xA702"]


def test_the_tables_need_no_dicom_toolkit() -> None:
    code = (
        "import sys, dicom_qr_gateway.dicom.status, dicom_qr_gateway.dicom.identifier\n"
        "sys.exit(any(name.split('.')[0] in ('pydicom', 'pynetdicom') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
