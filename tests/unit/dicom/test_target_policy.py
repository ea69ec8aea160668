"""Which addresses are judged as what."""

import pytest

from dicom_qr_gateway.dicom.target_policy import is_forbidden


@pytest.mark.parametrize(
    "address",
    [
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "fe80::",
        "fe80::1%eth0",
        "febf:ffff::1",
        "fd00:ec2::254",
        "fd00:ec2::254%eth0",
        "224.0.0.1",
        "239.255.255.255",
        "ff02::1",
        "0.0.0.0",
        "::",
        "255.255.255.255",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "::ffff:0.0.0.0",
        "::ffff:255.255.255.255",
        "::ffff:224.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::169.254.169.254",
        "64:ff9b::0.0.0.0",
        "2002:a9fe:a9fe::",
        "2002:a9fe:a9fe::1",
        "2002:e000:1::",
    ],
)
def test_no_pacs_has_such_an_address(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.253.255.255",
        "169.255.0.0",
        "223.255.255.255",
        "240.0.0.1",
        "8.8.8.8",
        "fd00:ec2::253",
        "fd12:3456::1",
        "fec0::1",
        "2001:db8::1",
        "::ffff:10.1.2.3",
        "64:ff9b::10.1.2.3",
        "64:ff9c::169.254.169.254",
        "2002:a01:203::1",
        "2003:a9fe:a9fe::1",
    ],
)
def test_a_pacs_may_have_such_an_address(address: str) -> None:
    assert not is_forbidden(address)
