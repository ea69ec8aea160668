"""Which PACS a body means: one by its name, or one by its address; and ``GET /pacs``.

Rule: either the name or the four fields of the address, never both. What a body asks is complete
once the PACS is known, so a schema's post_load gives an ``Asked`` that awaits the directory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validates_schema

from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.errors import InvalidRequest, NoSuchPacs, TargetNotAllowed
from dicom_qr_gateway.named_pacs import PacsDirectory
from dicom_qr_gateway.pacs_keys import NAME, NAME_IS
from dicom_qr_gateway.schemas.base import StrictSchema
from dicom_qr_gateway.schemas.fields import AETitle, Host, WholeNumber

# The sandbox PACS as `make run` starts it.
SANDBOX = {
    "pacs_ip": "127.0.0.1",
    "pacs_port": 11112,
    "pacs_ae_title": "SANDBOX",
    "c_find_ae_title": "GATEWAY",
}
ADDRESS = tuple(SANDBOX)

_MISSING = "Missing data for required field."
_EITHER = f"Give either pacs or all of {', '.join(ADDRESS)}, never both."

# The rules of Host as JSON Schema, so that a body the document allows is accepted.
_NO_NUMBER_LAST = r"(^|\.)(?!([0-9]+|0[xX][0-9A-Fa-f]*)$)[^.]+$"
_HOST = [
    {"format": "ipv4"},
    {"format": "ipv6"},
    {"format": "hostname", "pattern": _NO_NUMBER_LAST},
]


def about(description: str, example: object, **more: Any) -> dict[str, Any]:
    """Return the metadata of a field."""
    return {"description": description, "example": example, **more}


def ae_title(description: str, example: str, *, required: bool = True) -> fields.Field[str]:
    """Return a field that is an AE title."""
    return AETitle(
        required=required,
        metadata=about(
            f"{description} 1 to 16 printable ASCII characters, no backslash; surrounding spaces "
            "are not significant.",
            example,
            pattern=r"^ *[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])? *$",
        ),
    )


class PacsName(fields.String):
    """The name of a PACS in PACS_CONFIG."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        if not NAME.fullmatch(name):
            raise ValidationError(f"The name of a PACS is {NAME_IS}.")
        return name


@dataclass(frozen=True, slots=True)
class Asked:
    """A body that keeps every rule, and awaits the directory of named PACS."""

    schema: "PacsSchema"
    data: Mapping[str, Any]

    def of(self, known: PacsDirectory) -> Any:
        """Return the request as the service takes it.

        Raises:
            InvalidRequest: no PACS has that name, or it cannot be asked that.
            TargetNotAllowed: NAMED_PACS_ONLY forbids addresses.
        """
        name = self.data["pacs"]
        if name is not None:
            try:
                pacs = known.get(name)
            except NoSuchPacs as error:
                raise InvalidRequest({"pacs": [error.message]}) from None
            return self.schema.request(pacs.peer, pacs.calling_ae_title, self.data)
        if known.named_only:
            raise TargetNotAllowed(
                "This gateway asks only PACS that it knows by name: GET /pacs lists them."
            )
        host, port, called, calling = (self.data[field] for field in ADDRESS)
        return self.schema.request(ApplicationEntity(host, port, called), calling, self.data)


class PacsSchema(StrictSchema):
    """A PACS by its name, or by the four fields of its address."""

    openapi: ClassVar[Mapping[str, Any]] = {
        "anyOf": [
            {
                "required": ["pacs"],
                "properties": {"pacs": {"type": "string"}},
                "not": {"anyOf": [{"required": [each]} for each in ADDRESS]},
            },
            {
                "required": list(ADDRESS),
                "properties": {"pacs": {"type": "string", "nullable": True, "enum": [None]}},
            },
        ]
    }

    pacs = PacsName(
        allow_none=True,
        load_default=None,
        metadata=about(
            "The PACS by its name: GET /pacs lists those there are. It stands for pacs_ip, "
            "pacs_port, pacs_ae_title and c_find_ae_title: give either the name or these four.",
            "main",
            pattern=f"^{NAME.pattern}$",
        ),
    )
    pacs_ip = Host(
        metadata=about(
            "The PACS: an IPv4 address, an IPv6 address without a zone, or a host name.",
            SANDBOX["pacs_ip"],
            minLength=1,
            maxLength=253,
            anyOf=_HOST,
        ),
    )
    pacs_port = WholeNumber(1, 65535, metadata=about("Its DICOM TCP port.", SANDBOX["pacs_port"]))
    pacs_ae_title = ae_title("Called AE title: the PACS' own.", "SANDBOX", required=False)
    c_find_ae_title = ae_title(
        "Calling AE title: the gateway's, as the PACS knows it.", "GATEWAY", required=False
    )

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_either(self, data: object, original: Mapping[str, Any], **_kwargs: object) -> None:
        """Refuse both a name and an address, and half an address."""
        given = [name for name in ADDRESS if name in original]
        if original.get("pacs") is not None and given:
            raise ValidationError({"pacs": [_EITHER]})
        if original.get("pacs") is None and len(given) < len(ADDRESS):
            raise ValidationError({name: [_MISSING] for name in ADDRESS if name not in given})

    @post_load
    def asked(self, data: dict[str, Any], **_kwargs: object) -> Asked:
        """Return what awaits the directory."""
        return Asked(self, data)

    def request(
        self, pacs: ApplicationEntity, calling_ae_title: str, data: Mapping[str, Any]
    ) -> Any:
        """Return the request as the service takes it, now that the PACS is known.

        Raises:
            InvalidRequest: this PACS cannot be asked that.
        """
        raise NotImplementedError


class KnownPacsSchema(StrictSchema):
    """A PACS that requests may name."""

    name = fields.String(required=True, metadata=about("What `pacs` says.", "main"))
    description = fields.String(
        required=True, metadata=about("What it is, for people.", "Radiology archive")
    )
    ae_title = fields.String(required=True, metadata=about("Its AE title.", "MAINPACS"))


class PacsListSchema(StrictSchema):
    """The PACS that requests may name."""

    pacs = fields.List(
        fields.Nested(KnownPacsSchema),
        required=True,
        metadata={"description": "In the order of their configuration."},
    )
