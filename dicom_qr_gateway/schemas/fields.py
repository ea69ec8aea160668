"""Request fields that are checked as DICOM and the internet's own rules say.

Rule: a field accepts or refuses, it never repairs; what it strips or upper-cases is not significant
by the standard. What gets past a field may be sent to a PACS.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from marshmallow import ValidationError, fields, validate

CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
SURROGATE = re.compile(r"[\ud800-\udfff]")
AE_TITLE = re.compile(r"[\x20-\x5b\x5d-\x7e]{1,16}")
CODE_STRING = re.compile(r"[A-Z0-9_ ]{1,16}")
CODE_STRING_IN_ANY_CASE = "^ *[A-Za-z0-9_]([A-Za-z0-9_ ]{0,14}[A-Za-z0-9_])? *$"
HOST_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
NUMBER_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
MAX_HOST_NAME = 253
MAX_PATIENT_ID = 64


class AETitle(fields.String):
    """An application entity title (AE, PS3.5 6.2), without its insignificant spaces.

    The length counts after these are stripped.
    """

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        title = super()._deserialize(value, attr, data, **kwargs).strip(" ")
        if not title:
            raise ValidationError("An AE title is not empty and not only spaces.")
        if not AE_TITLE.fullmatch(title):
            raise ValidationError(
                "An AE title has 1 to 16 printable ASCII characters and no backslash."
            )
        return title


class CodeString(fields.String):
    """A code string (CS, PS3.5 6.2), upper-cased, without its insignificant spaces."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).strip(" ")
        # "ß".upper() is "SS": only ASCII may be upper-cased.
        if not text.isascii() or not CODE_STRING.fullmatch(text.upper()):
            raise ValidationError(
                "A modality has 1 to 16 characters of A to Z, 0 to 9, underscore and space."
            )
        return text.upper()


class CodeStrings(fields.List[str]):
    """Several different code strings; null and [] both mean that none was given."""

    def __init__(self, **kwargs: Any) -> None:
        """Take the options of a marshmallow field."""
        item = CodeString(metadata={"pattern": CODE_STRING_IN_ANY_CASE})
        super().__init__(item, allow_none=True, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[str | None]:
        codes = super()._deserialize(value, attr, data, **kwargs)
        repeated = sorted(str(each) for each, count in Counter(codes).items() if count > 1)
        if repeated:
            raise ValidationError(f"Given more than once: {', '.join(repeated)}.")
        return codes


class PatientID(fields.String):
    """A Patient ID (0010,0020): LO (PS3.5 6.2) without the wildcards of PS3.4 C.2.2.2.4.

    It comes out as the caller sent it; surrounding spaces are not significant, but count into the
    64 characters, as in the VR.
    """

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text.strip():
            raise ValidationError("A Patient ID is not empty and not only spaces.")
        if len(text) > MAX_PATIENT_ID:
            raise ValidationError(f"A Patient ID has at most {MAX_PATIENT_ID} characters.")
        if set("*?\\") & set(text):
            raise ValidationError("A Patient ID is exact: no *, no ? and no backslash.")
        if CONTROL_CHARACTER.search(text) or SURROGATE.search(text):
            raise ValidationError(
                "A Patient ID holds no control characters and no lone surrogates."
            )
        return text


class Host(fields.String):
    """An IPv4 address, an IPv6 address without a zone (RFC 4291 2.2), or a host name (RFC 1123).

    A name has no empty label, so it does not end in a dot, and its last label is not a number:
    resolvers read 127.1 and 0x7f.1 as addresses.
    """

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        host = super()._deserialize(value, attr, data, **kwargs)
        if not (is_address(host) or is_host_name(host)):
            raise ValidationError(
                "Give a dotted-quad IPv4 address, an IPv6 address without a zone, or a host name."
            )
        return host


@lru_cache(maxsize=1024)
def is_address(text: str) -> bool:
    """Tell whether the text is an IPv4 or IPv6 address in its standard form."""
    if "%" in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_host_name(text: str) -> bool:
    """Tell whether the text is a host name (RFC 1123 2.1) that no resolver takes for a number."""
    labels = text.split(".")
    return (
        len(text) <= MAX_HOST_NAME
        and all(HOST_LABEL.fullmatch(label) for label in labels)
        and not NUMBER_LABEL.fullmatch(labels[-1])
    )


class WholeNumber(fields.Integer):
    """A JSON integer within a range: no boolean, no float (1.0 neither), no string."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        """Accept low <= value <= high; further options are those of a marshmallow field."""
        sentence = f"Give an integer from {low} to {high}."
        super().__init__(
            strict=True,
            validate=validate.Range(low, high, error=sentence),
            error_messages={"invalid": sentence},
            **kwargs,
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        # A bool is an int in Python, and marshmallow takes both it and "1".
        if type(value) is not int:
            raise self.make_error("invalid", input=value)
        return value
