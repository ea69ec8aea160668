"""The directory of named PACS."""

import pytest

from dicom_qr_gateway.dicom.types import ApplicationEntity, Quirks
from dicom_qr_gateway.errors import NoSuchPacs
from dicom_qr_gateway.named_pacs import NamedPacs, PacsDirectory


def a_pacs(name: str) -> NamedPacs:
    return NamedPacs(name, ApplicationEntity("192.0.2.1", 104, name.upper()), "GATEWAY")


def test_a_pacs_is_found_by_its_name():
    directory = PacsDirectory([a_pacs("main"), a_pacs("old")])
    assert directory.get("old") == a_pacs("old")
    assert directory.names == ("main", "old")
    assert directory.all == (a_pacs("main"), a_pacs("old"))


@pytest.mark.parametrize("name", ["", "MAIN", "main ", "all"])
def test_another_name_is_no_pacs(name):
    with pytest.raises(NoSuchPacs):
        PacsDirectory([a_pacs("main")]).get(name)


def test_a_directory_is_replaced_as_a_whole():
    directory = PacsDirectory([a_pacs("main")], named_only=True)
    directory.replace([a_pacs("new")])
    assert directory.names == ("new",)
    assert directory.named_only


def test_the_quirks_of_a_pacs_are_those_of_its_peer():
    peer = ApplicationEntity("192.0.2.1", 104, "PACS", Quirks(charset="ISO_IR 192"))
    assert NamedPacs("main", peer, "GATEWAY").quirks.charset == "ISO_IR 192"
