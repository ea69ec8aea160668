"""Every key of a table in PACS_CONFIG: name, default, parser, what is accepted, what it means.

Rule: ``docs/configuration.md`` is rendered from ``KEYS``; a key that is not in the table does not
exist. A parser takes what TOML has and returns the value, or raises ValueError.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from dicom_qr_gateway.dicom.request_charset import REQUEST_CHARSETS
from dicom_qr_gateway.dicom.text import is_known
from dicom_qr_gateway.dicom.types import QueryRetrieveLevel
from dicom_qr_gateway.options import AE_TITLE, HOST_NAME

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
NO_NAME: Final = frozenset({"all"})
NAME_IS: Final = (
    "1 to 32 of a to z, 0 to 9, _ and -, of which the first is a letter or a digit; not the word "
    "all"
)
RESERVED: Final = frozenset({"tls", "ca_file", "cert_file", "key_file"})
REQUIRED: Final = object()

Parse = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table; without it the value is ``default``, unless that is REQUIRED."""

    name: str
    default: Any
    parse: Parse
    accepted: str
    doc: str

    def read(self, table: Mapping[str, Any]) -> Any:
        """Return the value that the table gives, or the default.

        Raises:
            KeyError: it is required and missing.
            ValueError: it is not accepted.
        """
        if self.name in table:
            return self.parse(table[self.name])
        if self.default is REQUIRED:
            raise KeyError(self.name)
        return self.default


def _text(accepts: Callable[[str], object]) -> Parse:
    def parse(value: Any) -> str:
        if not isinstance(value, str) or not accepts(value.strip(" ")):
            raise ValueError(value)
        return value.strip(" ")

    return parse


def _whole_number(low: int, high: int) -> Parse:
    def parse(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:  # a bool is an int in Python
            raise ValueError(value)
        return value

    return parse


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise ValueError(value)


def _host(value: Any) -> str:
    text: str = _text(bool)(value)
    if HOST_NAME.fullmatch(text):
        return text
    if "%" in text:  # a zone is meant for one machine
        raise ValueError(value)
    return str(ip_address(text))


def _level(value: Any) -> QueryRetrieveLevel:
    if value not in ("study", "series"):
        raise ValueError(value)
    return QueryRetrieveLevel(value.upper())


_AN_AE_TITLE: Final = "an AE title of 1 to 16 characters"
_ae_title = _text(AE_TITLE.fullmatch)

QUIRKS: Final = (
    Key(
        "charset",
        "",
        _text(REQUEST_CHARSETS.__contains__),
        f"one of {', '.join(REQUEST_CHARSETS)}",
        "Specific Character Set of requests, always stated. A value that it cannot say is refused. "
        "Without it the first of ASCII, ISO_IR 100 and ISO_IR 192 that can say the request. For "
        "archives that compare the bytes of a request with those of the files: state the set these "
        "are in. Orthanc and dcmqrscp convert, and need none.",
    ),
    Key(
        "assume_charset",
        "",
        _text(is_known),
        "a defined term of Specific Character Set, such as ISO_IR 100 or ISO_IR 192",
        "Specific Character Set of answers that state none or a wrong one. What they state is "
        "believed only where it is a set of several bytes a character and the text is without a "
        "fault in it. For archives that hand on the text of files as it is stored (dcmqrscp) and "
        "have files that state no set.",
    ),
    Key(
        "modality_level",
        QueryRetrieveLevel.STUDY,
        _level,
        "study or series",
        "Where the modalities of a study are asked for. Those that a PACS leaves out at study "
        "level are asked for at series level anyway (dcmqrscp); `series` does not even look at "
        "study level. It costs a further C-FIND, where "
        "the archive takes no lists of UIDs one a study. For archives whose ModalitiesInStudy is "
        "incomplete.",
    ),
    Key(
        "relational",
        None,
        _boolean,
        "true or false",
        "Whether relational queries (PS3.4 C.4.1.2.2.2) are sent. Without it as the PACS "
        "negotiates. For archives that can and do not say so, or say so and cannot: true is "
        "advised for Orthanc, whose series and instances of many studies are then one query. /q "
        "needs none.",
    ),
    Key(
        "max_pdu_length",
        None,
        _whole_number(4096, 131_072),
        "bytes: a whole number from 4096 to 131072",
        "The longest PDU that the gateway tells the PACS it takes; without it 131072. For archives "
        "that reject or abort an association in which more than 16384 or 65536 is announced.",
    ),
    Key(
        "wildcards",
        True,
        _boolean,
        "true or false",
        "Whether `*` and `?` are sent to it. For archives that take them literally; /q never sends "
        "any.",
    ),
)

KEYS: Final = (
    Key("host", REQUIRED, _host, "an IP address or a host name", "Where the PACS is."),
    Key("port", REQUIRED, _whole_number(1, 65535), "a whole number from 1 to 65535",
        "Its DICOM TCP port."),
    Key("ae_title", REQUIRED, _ae_title, _AN_AE_TITLE, "Called AE title: the PACS' own."),
    Key("calling_ae_title", "", _ae_title, _AN_AE_TITLE,
        "Calling AE title: the gateway's, as the PACS knows it. Without it `CALLING_AE_TITLE`."),
    Key("description", "", _text(lambda text: text.isprintable() and len(text) <= 200),
        "a line of at most 200 characters", "What people read in GET /pacs."),
    Key("max_associations", None, _whole_number(1, 4096), "a whole number from 1 to 4096",
        "The most associations at a time, all workers together. Without it "
        "`MAX_ASSOCIATIONS_PER_PACS`. It counts by address and port: where several tables have the "
        "same, the smallest counts for all."),
    Key("idle_associations", 0, _whole_number(0, 64), "a whole number from 0 to 64",
        "How many associations with queries of `/q` and `/qr` may be kept open for the next one, "
        "for 5 s, all workers together; less than `max_associations`. Searches (`/dicom-web`) open "
        "their own. It saves three of four round trips: worth it where the PACS is far. At most 2 "
        "is advised, and 0 for an archive that serves few at once (a stock Orthanc has 4)."),
    *QUIRKS,
)  # fmt: skip
