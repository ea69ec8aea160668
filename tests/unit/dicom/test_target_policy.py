"""Which addresses are judged as what, and which of a host's may be connected to."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_qr_gateway.dicom.name_lookup import SocketAddress
from dicom_qr_gateway.dicom.target_policy import Target, TargetPolicy, inner_network, is_forbidden
from dicom_qr_gateway.errors import TargetNotAllowed
from dicom_qr_gateway.options import allowed_targets

IPV4_IN_IPV6 = ["::ffff:{}", "64:ff9b::{}", "2002:{:02x}{:02x}:{:02x}{:02x}::1"]


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


def within(form: str, address: IPv4Address) -> str:
    """Return the IPv6 address of that form around an IPv4 address."""
    return form.format(*(address.packed if form.startswith("2002") else [address]))


@pytest.mark.parametrize("form", IPV4_IN_IPV6)
@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_alone_and_inside_an_ipv6_address(
    form: str, address: IPv4Address
) -> None:
    assert is_forbidden(within(form, address)) == is_forbidden(str(address))


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_an_ipv6_form_of_a_network_is_the_network_inside(address: IPv4Address, length: int) -> None:
    network = ip_network((address, length), strict=False)
    start = network.network_address
    assert inner_network(network) == network
    assert inner_network(ip_network(f"::ffff:{start}/{96 + length}")) == network
    assert inner_network(ip_network(f"64:ff9b::{start}/{96 + length}")) == network
    six_to_four = 0x2002 << 112 | int(start) << 80
    assert inner_network(ip_network((six_to_four, 16 + length))) == network


@pytest.mark.parametrize("network", ["::/0", "2001:db8::/32", "::/64", "2000::/3", "64:ff9b::/64"])
def test_any_other_ipv6_network_is_itself(network: str) -> None:
    assert inner_network(ip_network(network)) == ip_network(network)


def at(address: str, port: int = 104) -> SocketAddress:
    version = ip_address(address.partition("%")[0]).version
    return SocketAddress(socket.AF_INET if version == 4 else socket.AF_INET6, address, port)


def permitted(policy: TargetPolicy, *addresses: SocketAddress, host: str = "h") -> list[str]:
    """Return those of a host's addresses that the policy permits, [] where it raises."""
    try:
        return [each.address for each in policy.permitted(host, list(addresses))]
    except TargetNotAllowed:
        return []


def test_without_a_list_every_address_but_a_forbidden_one_is_permitted() -> None:
    policy = TargetPolicy()
    assert permitted(policy, at("10.1.2.3"), at("8.8.8.8"), at("::1"), at("127.0.0.1")) == [
        "10.1.2.3", "8.8.8.8", "::1", "127.0.0.1",
    ]  # fmt: skip


def test_no_address_left_is_target_not_allowed_and_names_nothing() -> None:
    with pytest.raises(TargetNotAllowed) as refused:
        TargetPolicy().permitted("metadata.example", [at("169.254.169.254")])
    assert refused.value.message == "This gateway's policy forbids connections to that address."


def test_each_address_of_a_name_is_judged_on_its_own_and_order_is_kept() -> None:
    policy = allowed_targets("10.0.0.0/8,2001:db8::/32")
    addresses = [at("169.254.169.254"), at("10.1.2.3"), at("8.8.8.8"), at("2001:db8::1"), at("::1")]
    assert permitted(policy, *addresses) == ["10.1.2.3", "2001:db8::1"]


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1%eth0", "fd00:ec2::254", "224.0.0.1", "ff02::1", "0.0.0.0", "::",
     "255.255.255.255", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"],
)  # fmt: skip
def test_a_forbidden_address_is_never_permitted_even_where_the_list_names_it(address: str) -> None:
    everything = allowed_targets(f"{address.partition('%')[0]},0.0.0.0/0,::/0,h")
    assert permitted(everything, at(address)) == []
    assert permitted(everything, at(address), at("10.1.2.3")) == ["10.1.2.3"]


@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [
        ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
        ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ("2001:db8::7", "2001:db8::7", "2001:db8::8"),
        ("10.1.0.0/16", "::ffff:10.1.2.3", "::ffff:10.2.0.0"),
        ("10.1.0.0/16", "64:ff9b::10.1.2.3", "64:ff9b::10.2.0.0"),
        ("10.1.0.0/16", "2002:a01:203::1", "2002:a02::1"),
        ("::ffff:10.1.2.3", "10.1.2.3", "10.1.2.4"),
        ("64:ff9b::10.1.2.3", "::ffff:10.1.2.3", "::ffff:10.1.2.4"),
        ("0.0.0.0/0", "8.8.8.8", "2001:db8::1"),
        ("::/0", "2001:db8::1", "8.8.8.8"),
        ("::/0", "::1", "::ffff:8.8.8.8"),
    ],
)
def test_a_network_permits_what_is_inside_it(entry: str, inside: str, outside: str) -> None:
    assert permitted(allowed_targets(entry), at(inside), at(outside)) == [inside]


@pytest.mark.parametrize("entry", ["10.1.2.3:104", "10.0.0.0/8:104", "pacs.example:104"])
def test_an_entry_with_a_port_permits_that_port_alone(entry: str) -> None:
    policy = allowed_targets(entry)
    found = [at("10.1.2.3", 104), at("10.1.2.3", 105)]
    assert policy.permitted("pacs.example", found) == [at("10.1.2.3", 104)]


def test_a_name_permits_all_its_addresses_but_only_to_who_asks_by_that_name() -> None:
    policy = allowed_targets("pacs.example")
    addresses = [at("10.1.2.3"), at("169.254.1.1"), at("2001:db8::1")]
    assert permitted(policy, *addresses, host="PACS.Example") == ["10.1.2.3", "2001:db8::1"]
    assert permitted(policy, *addresses, host="other.pacs.example") == []
    assert permitted(policy, *addresses, host="example") == []
    assert permitted(policy, at("10.1.2.3"), host="10.1.2.3") == []


@given(st.lists(st.ip_addresses(), min_size=1), st.lists(st.ip_addresses()))
def test_a_list_of_addresses_permits_those_but_forbidden_ones_and_no_other(
    allowed: list[IPv4Address | IPv6Address], others: list[IPv4Address | IPv6Address]
) -> None:
    policy = TargetPolicy(tuple(Target(inner_network(ip_network(each)), None) for each in allowed))
    found = set(permitted(policy, *(at(str(each)) for each in allowed + others)))
    assert found >= {str(each) for each in allowed if not is_forbidden(str(each))}
    assert not any(is_forbidden(each) for each in found)
    inner = {inner_network(ip_network(each)) for each in allowed}
    assert {inner_network(ip_network(each)) for each in found} <= inner
