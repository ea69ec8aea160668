"""What a client proposes (PS3.8 9.3.2), and the services that a fault can apply to."""

import struct
from dataclasses import dataclass
from enum import StrEnum

from dicom_qr_gateway.sandbox.misbehaving import wire

IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


class Service(StrEnum):
    """What a fault applies to; ``BOTH`` are faults of any association, whatever it is for."""

    FIND = "C-FIND"
    MOVE = "C-MOVE"
    BOTH = "both"


# PS3.4 C.6 and K.6.
_MODELS = [f"1.2.840.10008.5.1.4.1.2.{number}" for number in (1, 2, 3)]
_FIND = frozenset(("1.2.840.10008.5.1.4.31", *(f"{model}.1" for model in _MODELS)))
_MOVE = frozenset(f"{model}.2" for model in _MODELS)
_SOP_CLASSES = {Service.FIND: _FIND, Service.MOVE: _MOVE}


@dataclass(frozen=True, slots=True)
class Context:
    """A presentation context as it was proposed."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What this package looks at in an A-ASSOCIATE-RQ; AE titles as they came, padded."""

    called: bytes
    calling: bytes
    contexts: tuple[Context, ...]

    @classmethod
    def decode(cls, body: bytes) -> "Proposal":
        """Read the body of the PDU."""
        called, calling = struct.unpack_from(">4x16s16s", body)
        contexts = (_context(value) for kind, value in wire.items(body[68:]) if kind == 0x20)
        return cls(called, calling, tuple(contexts))

    @property
    def called_ae_title(self) -> str:
        """Return the called AE title without its padding."""
        return self.called.decode("ascii", "replace").strip()

    def concerns(self, service: Service) -> bool:
        """Tell whether a fault of that service is met: a SOP class of it is proposed."""
        if service is Service.BOTH:
            return True
        return any(each.abstract_syntax in _SOP_CLASSES[service] for each in self.contexts)

    def acceptable(self, prefer: str) -> dict[int, str]:
        """Return context ID -> transfer syntax, "" for a context that has none known here."""
        return {context.context_id: _choice(context, prefer) for context in self.contexts}


def _choice(context: Context, prefer: str) -> str:
    for syntax in (prefer, IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN):
        if syntax in context.transfer_syntaxes:
            return syntax
    return ""


def _context(value: bytes) -> Context:
    syntaxes = list(wire.items(value[4:]))
    abstract = [_uid(each) for kind, each in syntaxes if kind == 0x30]
    transfer = [_uid(each) for kind, each in syntaxes if kind == 0x40]
    return Context(value[0], "".join(abstract[:1]), tuple(transfer))


def _uid(value: bytes) -> str:
    return value.decode("ascii", "replace").strip(" \0")
