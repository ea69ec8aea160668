"""The two lists that say whom the gateway may talk to: what they accept, and what they never do."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_qr_gateway.config import ConfigurationError, Settings
from dicom_qr_gateway.dicom.target_policy import Target
from dicom_qr_gateway.options import HOST_NAME, allowed_targets
from dicom_qr_gateway.schemas.fields import is_host_name


def pacs(text):
    return Settings.from_environ({"ALLOWED_PACS": text}).allowed_pacs.allowed


def destinations(text):
    return Settings.from_environ({"ALLOWED_DESTINATIONS": text}).allowed_destinations


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_list_allows_all(text):
    assert pacs(text) == ()
    assert destinations(text) == frozenset()


@pytest.mark.parametrize(
    ("entry", "where", "port"),
    [
        ("10.1.2.3", "10.1.2.3/32", None),
        ("10.1.2.3:104", "10.1.2.3/32", 104),
        ("10.1.0.0/16", "10.1.0.0/16", None),
        ("10.1.0.0/16:11112", "10.1.0.0/16", 11112),
        ("0.0.0.0/0:65535", "0.0.0.0/0", 65535),
        ("2001:db8::7", "2001:db8::7/128", None),
        ("[2001:db8::7]", "2001:db8::7/128", None),
        ("[2001:db8::7]:1", "2001:db8::7/128", 1),
        ("2001:db8::/32", "2001:db8::/32", None),
        ("[2001:db8::/32]", "2001:db8::/32", None),
        ("[2001:db8::/32]:104", "2001:db8::/32", 104),
        ("::1:104", "::1:104/128", None),
    ],
)
def test_an_address_or_a_network_is_an_entry(entry, where, port):
    assert pacs(entry) == (Target(ip_network(where), port),)


@pytest.mark.parametrize(
    ("entry", "where"),
    [
        ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("64:ff9b::10.1.2.3", "10.1.2.3/32"),
        ("64:ff9b::a01:200/120", "10.1.2.0/24"),
        ("2002:a01:203::/48", "10.1.2.3/32"),
        ("2002:a01:203::5", "10.1.2.3/32"),
        ("2002:a00::/24", "10.0.0.0/8"),
    ],
)
def test_an_ipv6_form_of_ipv4_addresses_stands_for_what_is_inside(entry, where):
    assert pacs(entry) == (Target(ip_network(where), None),)


@pytest.mark.parametrize(
    ("entry", "where", "port"),
    [
        ("pacs", "pacs", None),
        ("PACS.Hospital.example", "pacs.hospital.example", None),
        ("pacs.example:104", "pacs.example", 104),
        ("3com.example", "3com.example", None),
        ("x" * 63, "x" * 63, None),
    ],
)
def test_a_host_name_is_an_entry_in_lower_case(entry, where, port):
    assert pacs(entry) == (Target(where, port),)


def test_entries_are_separated_by_commas_with_or_without_spaces():
    assert pacs(" 10.1.2.3:104 ,[2001:db8::1]:104,  pacs.example ") == (
        Target(ip_network("10.1.2.3"), 104),
        Target(ip_network("2001:db8::1"), 104),
        Target("pacs.example", None),
    )


@pytest.mark.parametrize(
    "entry",
    ["10.1.2.3:0", "10.1.2.3:65536", "10.1.2.3:", "10.1.2.3:+1", "10.1.2.3:٨", "10.1.2.3:104:104",
     "pacs.example:dicom", ":104", "10.1.2.3 104", "10.1.2.3;10.1.2.4"],
)  # fmt: skip
def test_what_is_no_port_is_refused(entry):
    refused("ALLOWED_PACS", entry)


@pytest.mark.parametrize(
    "entry",
    ["10.1.2.300", "10.1.2", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "1.2.3.4.5", "1.2.3.04",
     "10.1.2.3/8", "10.0.0.0/33", "10.0.0.0/", "/8", "10.0.0.0-10.0.0.9", "10.0.*.*"],
)  # fmt: skip
def test_a_mistyped_ipv4_address_is_refused_and_never_taken_for_a_name(entry):
    refused("ALLOWED_PACS", entry)


@pytest.mark.parametrize(
    "entry",
    ["[::1", "::1]", "[::1]104", "[::1]:", "[2001:db8::]/32", "[2001:db8::]/32:104", "[]:104",
     "[10.1.2.3]:104", "[pacs.example]:104", "[[::1]]", "2001:db8::1/32", "::1::", "fe80::1%eth0",
     "::1%1", "[::1%1]:104"],
)  # fmt: skip
def test_a_mistyped_ipv6_address_is_refused(entry):
    refused("ALLOWED_PACS", entry)


@pytest.mark.parametrize(
    "entry",
    ["*", "*.example", "pacs.", ".pacs", "a..b", "-a", "a-", "a_b", "x" * 64, "pacs.7", "bücher",
     ".".join(["x" * 63] * 4), "http://pacs", "pacs/8", "a b", "a\nb", "a\x00"],
)  # fmt: skip
def test_what_is_no_host_name_is_refused(entry):
    refused("ALLOWED_PACS", entry)


@pytest.mark.parametrize("name", ["ALLOWED_PACS", "ALLOWED_DESTINATIONS"])
@pytest.mark.parametrize("text", [",", "PACS,", ",PACS", "PACS,,PACS", "PACS, ,PACS"])
def test_an_empty_entry_is_refused(name, text):
    refused(name, text)


@pytest.mark.parametrize("good", ["10.1.2.3", "pacs.example"])
def test_one_bad_entry_refuses_the_list(good):
    refused("ALLOWED_PACS", f"{good},10.1.2.300")


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("WORKSTATION", {"WORKSTATION"}),
        ("A, MY WORKSTATION ,b", {"A", "MY WORKSTATION", "b"}),
        ("A,A", {"A"}),
        ("X" * 16, {"X" * 16}),
        ("~!^*?", {"~!^*?"}),
    ],
)
def test_ae_titles_are_kept_as_they_are_without_surrounding_spaces(text, titles):
    assert destinations(text) == titles


@pytest.mark.parametrize("text", ["X" * 17, "A\\B", "A\tB", "A\x7f", "É", "A,B\x00"])
def test_what_is_no_ae_title_is_refused(text):
    refused("ALLOWED_DESTINATIONS", text)


def refused(name, text):
    with pytest.raises(ConfigurationError) as error:
        Settings.from_environ({name: text})
    line = str(error.value)
    assert line.startswith(f"{name}={text!r} is not accepted: give a comma list of ")
    assert line.isprintable()


host_names = st.from_regex(r"[A-Za-z0-9x.-]{1,70}", fullmatch=True)


@given(host_names)
def test_an_entry_may_be_every_host_name_that_a_request_may_name_and_no_other(name):
    assert bool(HOST_NAME.fullmatch(name)) == is_host_name(name)


@given(st.text(max_size=40) | st.from_regex(r"[\[\]0-9a-f:./%,x -]{1,40}", fullmatch=True))
def test_any_text_is_parsed_or_refused_in_one_line(text):
    try:
        targets = allowed_targets(text.strip()).allowed
    except ValueError:
        return
    assert all(target.port is None or 1 <= target.port <= 65535 for target in targets)
