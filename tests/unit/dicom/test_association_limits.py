"""How many associations a PACS may have, by the address that is connected to."""

from dicom_qr_gateway.dicom.association_limits import AssociationLimit, AssociationLimits
from dicom_qr_gateway.dicom.types import ApplicationEntity


def peer(host: str, port: int = 104) -> ApplicationEntity:
    return ApplicationEntity(host, port, "PACS")


def most(limits: AssociationLimits, asked: ApplicationEntity, address: str) -> int:
    limit = limits.of(asked, address)
    assert limit is not None
    return limit.most


def test_nothing_is_stated_of_a_pacs_that_nobody_configured():
    limits = AssociationLimits([AssociationLimit("192.0.2.1", 104, 2)])
    assert limits.of(peer("192.0.2.2"), "192.0.2.2") is None
    assert limits.of(peer("192.0.2.1", 105), "192.0.2.1") is None


def test_the_smallest_counts_where_several_have_one_host_and_port():
    limits = AssociationLimits(
        [AssociationLimit("192.0.2.1", 104, 4), AssociationLimit("192.0.2.1", 104, 2)]
    )
    assert most(limits, peer("192.0.2.1"), "192.0.2.1") == 2


def test_a_host_name_in_another_case_is_the_same_host():
    limits = AssociationLimits([AssociationLimit("PACS.example", 104, 2)])
    assert most(limits, peer("pacs.EXAMPLE"), "192.0.2.1") == 2


def test_a_name_and_an_address_are_one_pacs_once_the_name_has_been_looked_up():
    limits = AssociationLimits(
        [AssociationLimit("pacs.example", 104, 2), AssociationLimit("192.0.2.1", 104, 4)]
    )
    assert most(limits, peer("192.0.2.1"), "192.0.2.1") == 4
    assert most(limits, peer("pacs.example"), "192.0.2.1") == 2
    assert most(limits, peer("192.0.2.1"), "192.0.2.1") == 2


def test_a_name_that_has_moved_is_where_it_was_looked_up_last():
    limits = AssociationLimits([AssociationLimit("pacs.example", 104, 2)])
    assert most(limits, peer("pacs.example"), "192.0.2.1") == 2
    assert most(limits, peer("pacs.example"), "192.0.2.9") == 2
    assert limits.of(peer("192.0.2.1"), "192.0.2.1") is None
    assert most(limits, peer("192.0.2.9"), "192.0.2.9") == 2


def test_an_ipv4_mapped_address_that_is_stated_is_the_ipv4_address():
    limits = AssociationLimits([AssociationLimit("::ffff:192.0.2.1", 104, 2)])
    assert most(limits, peer("192.0.2.1"), "192.0.2.1") == 2


def test_the_smallest_number_of_idle_ones_counts_too_and_leaves_one_for_who_asks():
    limits = AssociationLimits(
        [AssociationLimit("192.0.2.1", 104, 4, idle=2), AssociationLimit("192.0.2.1", 104, 4, 3)]
    )
    limit = limits.of(peer("192.0.2.1"), "192.0.2.1")
    assert limit is not None
    assert limit.idle == 2
    limits = AssociationLimits([AssociationLimit("192.0.2.1", 104, 2, idle=8)])
    limit = limits.of(peer("192.0.2.1"), "192.0.2.1")
    assert limit is not None
    assert limit.idle == 1
