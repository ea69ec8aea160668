"""SECURITY.md: the lists it advises are accepted, and its entries allow what it says."""

import re
import socket

import pytest

from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.dicom.name_lookup import SocketAddress
from dicom_qr_gateway.errors import TargetNotAllowed
from dicom_qr_gateway.options import allowed_targets

from .conftest import ROOT, Document

SECURITY = Document(ROOT / "SECURITY.md")
HEADING = "Say whom the gateway may talk to"
ENTRIES = [row[0].strip("`") for row in SECURITY.table(HEADING)]


def allows(entry, host, address, port):
    target = SocketAddress(socket.AF_INET6 if ":" in address else socket.AF_INET, address, port)
    try:
        return allowed_targets(entry).permitted(host, [target]) == [target]
    except TargetNotAllowed:
        return False


def test_the_lists_that_are_advised_are_accepted():
    [block] = re.findall(r"```ini\n(.+?)```", SECURITY.section(HEADING), re.DOTALL)
    environ = dict(line.split("=", 1) for line in block.splitlines())
    settings = Settings.from_environ(environ)
    assert len(settings.allowed_pacs.allowed) == 4
    assert settings.allowed_destinations == {"WORKSTATION", "READING ROOM"}


@pytest.mark.parametrize(
    ("entry", "allowed", "refused"),
    [
        ("10.1.2.3:104", ("10.1.2.3", 104), ("10.1.2.3", 22)),
        ("10.1.2.3", ("10.1.2.3", 22), ("10.1.2.4", 22)),
        ("10.20.0.0/16:104", ("10.20.3.4", 104), ("10.21.0.0", 104)),
        ("[fd12:3456::7]:104", ("fd12:3456::7", 104), ("fd12:3456::7", 105)),
    ],
)
def test_an_entry_of_the_table_allows_what_is_said(entry, allowed, refused):
    assert entry in ENTRIES
    assert allows(entry, allowed[0], *allowed)
    assert not allows(entry, refused[0], *refused)


def test_a_name_of_the_table_allows_what_is_said():
    name, port = "pacs.hospital.example", 11112
    assert f"{name}:{port}" in ENTRIES
    asked = [(name, port), ("10.1.2.3", port), ("other.hospital.example", port), (name, 104)]
    answers = [allows(f"{name}:{port}", host, "10.1.2.3", at) for host, at in asked]
    assert answers == [True, False, False, False]


def test_no_entry_of_the_table_is_left_out():
    assert len(ENTRIES) == len(set(ENTRIES)) == 5
