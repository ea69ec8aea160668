"""The file at PACS_CONFIG: read whole, and told whole what is wrong with it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dicom_qr_gateway import pacs_config
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.dicom.types import ApplicationEntity, QueryRetrieveLevel, Quirks
from dicom_qr_gateway.named_pacs import NamedPacs
from dicom_qr_gateway.options import ConfigurationError
from dicom_qr_gateway.pacs_config import association_limits, hand_down, pacs_directory, read_pacs
from dicom_qr_gateway.pacs_keys import RESERVED

ROOT = Path(__file__).parents[2]
SMALLEST = '[pacs.main]\nhost = "192.0.2.1"\nport = 104\nae_title = "MAINPACS"\n'
WHOLE = """
[pacs.main]
host = "PACS.example"
port = 104
ae_title = " MAINPACS "
calling_ae_title = "GATEWAY"
description = "Radiology archive"
max_associations = 4
idle_associations = 2
charset = '\\ISO 2022 IR 87'
assume_charset = "ISO_IR 100"
modality_level = "series"
relational = false
max_pdu_length = 16384
wildcards = false

[pacs.0_old-one]
host = "2001:DB8::0:1"
port = 11112
ae_title = "OLD"
"""

Read = Callable[[str], tuple[NamedPacs, ...]]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "pacs.toml"


@pytest.fixture
def read(file) -> Read:
    def read(text: str) -> tuple[NamedPacs, ...]:
        file.write_text(text)
        return read_pacs(Settings.from_environ({"PACS_CONFIG": str(file)}))

    return read


@pytest.fixture
def problems(read, file) -> Callable[[str], list[str]]:
    """Return what is told, without the path that begins each line."""

    def problems(text: str) -> list[str]:
        with pytest.raises(ConfigurationError) as caught:
            read(text)
        lines = str(caught.value).splitlines()
        assert all(line.startswith(f"{file}: ") for line in lines)
        return [line.removeprefix(f"{file}: ") for line in lines]

    return problems


def test_every_key_is_read(read):
    quirks = Quirks(
        charset="\\ISO 2022 IR 87",
        assume_charset="ISO_IR 100",
        modality_level=QueryRetrieveLevel.SERIES,
        relational=False,
        max_pdu_length=16384,
        wildcards=False,
    )
    peer = ApplicationEntity("PACS.example", 104, "MAINPACS", quirks)
    main, old = read(WHOLE)
    assert main == NamedPacs("main", peer, "GATEWAY", "Radiology archive", 4, 2)
    assert old == NamedPacs(
        "0_old-one", ApplicationEntity("2001:db8::1", 11112, "OLD"), "QRGATEWAY"
    )


def test_a_pacs_without_a_calling_ae_title_is_called_by_the_gateways_own(file):
    file.write_text(SMALLEST)
    settings = Settings.from_environ({"PACS_CONFIG": str(file), "CALLING_AE_TITLE": "HOSPITAL"})
    [pacs] = read_pacs(settings)
    assert pacs.calling_ae_title == "HOSPITAL"


def test_no_file_is_no_pacs():
    assert read_pacs(Settings.from_environ({})) == ()


def test_a_file_without_tables_is_no_pacs(read):
    assert read("# none yet\n") == ()


def test_the_file_that_is_deployed_is_accepted():
    settings = Settings.from_environ({"PACS_CONFIG": str(ROOT / "deploy/pacs.toml")})
    [sandbox] = read_pacs(settings)
    assert (sandbox.name, sandbox.peer.port) == ("sandbox", 11112)


def test_what_is_commented_out_in_it_is_accepted_too(read):
    text = (ROOT / "deploy/pacs.toml").read_text()
    lines = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")]
    start = lines.index("[pacs.main]")
    [main] = read("\n".join(lines[start:]))
    assert main.name == "main"


@pytest.mark.parametrize(
    ("key", "value", "accepted"),
    [
        ("host", '"127.1"', "an IP address or a host name"),
        ("host", '"fe80::1%eth0"', "an IP address or a host name"),
        ("host", '""', "an IP address or a host name"),
        ("host", "1", "an IP address or a host name"),
        ("port", "0", "a whole number from 1 to 65535"),
        ("port", "true", "a whole number from 1 to 65535"),
        ("port", '"104"', "a whole number from 1 to 65535"),
        ("port", "104.0", "a whole number from 1 to 65535"),
        ("ae_title", '"A\\\\B"', "an AE title of 1 to 16 characters"),
        ("ae_title", '"12345678901234567"', "an AE title of 1 to 16 characters"),
        ("ae_title", '" "', "an AE title of 1 to 16 characters"),
        ("calling_ae_title", '""', "an AE title of 1 to 16 characters"),
        ("description", '"two\\nlines"', "a line of at most 200 characters"),
        ("max_associations", "0", "a whole number from 1 to 4096"),
        ("idle_associations", "-1", "a whole number from 0 to 64"),
        ("assume_charset", '"UTF-9"', "a defined term of Specific Character Set, such as "),
        ("modality_level", '"image"', "study or series"),
        ("modality_level", "[]", "study or series"),
        ("relational", '"yes"', "true or false"),
        ("relational", "1", "true or false"),
        ("max_pdu_length", "1024", "bytes: a whole number from 4096 to 131072"),
        ("wildcards", "0", "true or false"),
        ("charset", '"ISO_IR 13"', "one of ISO_IR 100, "),
        ("charset", "[]", "one of ISO_IR 100, "),
    ],
)
def test_a_value_that_is_not_accepted_is_told_with_its_key(problems, key, value, accepted):
    lines = [line for line in SMALLEST.splitlines() if not line.startswith(f"{key} =")]
    [problem] = problems("\n".join([*lines, f"{key} = {value}"]))
    assert problem.startswith(f"pacs.main.{key}=")
    assert f" is not accepted: give {accepted}" in problem


def test_everything_that_is_wrong_is_told_at_once(problems):
    told = problems(
        'main = 1\n[pacs.Main]\nhost = "x"\nport = 1\nae_title = "X"\n'
        '[pacs.all]\nhots = "x"\nport = 1\nae_title = "X"\n[pacs]\nother = 2\n'
    )
    name_is = "give 1 to 32 of a to z, 0 to 9, _ and -, of which the first is a letter or a digit"
    assert told == [
        "main is not accepted: give tables [pacs.NAME] and nothing else",
        f"pacs.Main is not accepted: {name_is}; not the word all",
        f"pacs.all is not accepted: {name_is}; not the word all",
        "pacs.all.hots is not accepted: give host, port, ae_title, calling_ae_title, description, "
        "max_associations, idle_associations, charset, assume_charset, modality_level, relational, "
        "max_pdu_length, wildcards",
        "pacs.all.host is missing: give an IP address or a host name",
        "pacs.other=2 is not accepted: give a table [pacs.NAME]",
    ]


@pytest.mark.parametrize("key", sorted(RESERVED))
def test_a_key_of_tls_is_told_to_be_not_there_yet(problems, key):
    [problem] = problems(f"{SMALLEST}{key} = true\n")
    assert problem.startswith(f"pacs.main.{key} is not accepted, not yet: ")


@pytest.mark.parametrize("pacs", ["1", "[]", '"x"'])
def test_something_else_than_tables_is_not_accepted(problems, pacs):
    [problem] = problems(f"pacs = {pacs}")
    assert problem.endswith("is not accepted: give tables [pacs.NAME]")


def test_the_same_pacs_twice_is_not_accepted(problems):
    second = SMALLEST.replace("main", "again").replace("192.0.2.1", "192.0.2.1 ")
    [problem] = problems(f'{SMALLEST}{second}calling_ae_title = "QRGATEWAY"\n')
    assert problem == (
        "pacs.again is not accepted: host, port, ae_title and calling_ae_title are those of "
        "pacs.main, give one table a PACS"
    )


@pytest.mark.parametrize("other", ['ae_title = "OTHER"', 'calling_ae_title = "OTHER"'])
def test_one_host_and_port_may_have_several_names(read, other):
    lines = [each for each in SMALLEST.splitlines() if not each.startswith(other.split()[0])]
    second = "\n".join([*lines, other]).replace("main", "second")
    assert [each.name for each in read(SMALLEST + second)] == ["main", "second"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[pacs.main", "it is no TOML (Expected ']' at the end of a table declaration"),
        (SMALLEST.encode() * 2, "it is no TOML (Cannot declare ('pacs', 'main') twice"),
        (b"a = '\xff'", "it is not UTF-8"),
    ],
)
def test_what_is_no_toml_is_told_in_one_line(file, content, why):
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_pacs(Settings.from_environ({"PACS_CONFIG": str(file)}))
    [line] = str(caught.value).splitlines()
    assert line.startswith(f"PACS_CONFIG='{file}' is not accepted, {why}")
    assert line.endswith(": give a TOML file")


def test_a_file_that_cannot_be_read_is_told_in_one_line(file):
    with pytest.raises(ConfigurationError) as caught:
        read_pacs(Settings.from_environ({"PACS_CONFIG": str(file)}))
    assert str(caught.value) == (
        f"PACS_CONFIG='{file}' is not accepted, it cannot be read (No such file or directory): "
        "give a TOML file"
    )


def test_what_is_handed_down_counts_whatever_the_file_says_by_now(monkeypatch, file):
    monkeypatch.setattr(pacs_config, "_handed_down", [])
    file.write_text(SMALLEST)
    settings = Settings.from_environ({"PACS_CONFIG": str(file)})
    directory = pacs_directory(settings)
    hand_down(directory)
    file.write_text("broken")
    assert pacs_directory(settings) is directory


def test_a_pacs_without_a_limit_counts_with_the_gateways(read):
    limits = association_limits(read(WHOLE), default=8)
    assert [each.most for each in limits.stated] == [4, 8]


@pytest.mark.parametrize(("keys", "most"), [("max_associations = 2\n", 2), ("", 8)])
def test_what_is_kept_leaves_at_least_one_association(problems, read, keys, most):
    assert problems(f"{SMALLEST}{keys}idle_associations = {most}\n") == [
        f"pacs.main.idle_associations={most} is not accepted: give less than its "
        f"max_associations, which is {most}"
    ]
    [pacs] = read(f"{SMALLEST}{keys}idle_associations = {most - 1}\n")
    assert pacs.idle_associations == most - 1
