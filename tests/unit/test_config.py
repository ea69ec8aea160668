"""Options: defaults, parsers, and the one line that a bad value gives."""

import dataclasses

import pytest

from dicom_qr_gateway.config import OPTIONS, ConfigurationError, Settings
from dicom_qr_gateway.dicom.types import Limits


def test_every_option_is_a_setting_and_every_setting_an_option():
    assert [option.field for option in OPTIONS] == [
        field.name for field in dataclasses.fields(Settings)
    ]


def test_the_defaults_are_the_contracts():
    settings = Settings.from_environ({})
    assert settings.dicom_debug is False
    assert settings.log_to_console is True
    assert settings.limits == Limits()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("DICOM_DEBUG", "TRUE", True),
        ("LOG_TO_CONSOLE", "off", False),
        ("LOG_FORMAT", "JSON", "json"),
        ("ACSE_TIMEOUT", " 2.5 ", 2.5),
        ("MAX_MATCHES", "7", 7),
        ("BIND", "[::1]:8080", "[::1]:8080"),
    ],
)
def test_a_value_is_parsed(name, text, value):
    assert getattr(Settings.from_environ({name: text}), name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DICOM_DEBUG", "maybe"),
        ("DICOM_DEBUG", ""),
        ("LOG_FORMAT", "xml"),
        ("ACSE_TIMEOUT", "0"),
        ("DIMSE_TIMEOUT", "-1"),
        ("NETWORK_TIMEOUT", "nan"),
        ("CONNECTION_TIMEOUT", "inf"),
        ("QUERY_TIMEOUT", "10s"),
        ("RETRIEVE_TIMEOUT", "604801"),
        ("MAX_MATCHES", "1.5"),
        ("MAX_MATCHES", "٣"),
        ("MAX_RESPONSE_BYTES", "0"),
        ("TRUSTED_PROXIES", "11"),
        ("BIND", "8080"),
        ("BIND", "::1:8080"),
        ("BIND", "127.0.0.1:0"),
        ("WEB_THREADS", "0"),
        ("GRACEFUL_TIMEOUT", "2"),
    ],
)
def test_a_bad_value_gives_one_line_with_variable_value_and_what_is_accepted(name, text):
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ({name: text})
    line = str(refused.value)
    accepted = next(option.accepted for option in OPTIONS if option.name == name)
    assert "\n" not in line
    assert line == f"{name}={text!r} is not accepted: give {accepted}"


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_says_what_it_is_for(option):
    assert option.doc.endswith(".")
    assert option.accepted
    assert option.read({}) == option.parse(option.default)
