"""A-ASSOCIATE-RQ and -AC: bytes <-> values (PS3.8 9.3.2, 9.3.3 and Annex D), pure."""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from dicom_qr_gateway.dicom import associate_items as item
from dicom_qr_gateway.errors import ProtocolError

APPLICATION_CONTEXT_NAME: Final = "1.2.840.10008.3.1.1.1"  # PS3.7 A.2.1

# Version, called and calling AE title, 32 reserved bytes: the fixed part of both PDUs.
_FIXED: Final = struct.Struct(">H2x16s16s32x")
_CONTEXT: Final = struct.Struct(">BxBx")
_LENGTH: Final = struct.Struct(">I")
_UID_LENGTH: Final = struct.Struct(">H")


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """A presentation context as proposed (PS3.8 9.3.2.2)."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]

    def encode(self) -> bytes:
        """Return the item."""
        syntaxes = [item.encode_item(item.ABSTRACT_SYNTAX, item.encode_text(self.abstract_syntax))]
        syntaxes += [
            item.encode_item(item.TRANSFER_SYNTAX, item.encode_text(syntax))
            for syntax in self.transfer_syntaxes
        ]
        value = _CONTEXT.pack(self.context_id, 0) + b"".join(syntaxes)
        return item.encode_item(item.PROPOSED_CONTEXT, value)

    @classmethod
    def decode(cls, value: bytes) -> "ProposedContext":
        """Read the value of the item."""
        context_id, _ = item.unpack(_CONTEXT, value, 0)
        syntaxes = list(item.items(value[_CONTEXT.size :]))
        abstract = [item.decode_text(v) for kind, v in syntaxes if kind == item.ABSTRACT_SYNTAX]
        transfer = [item.decode_text(v) for kind, v in syntaxes if kind == item.TRANSFER_SYNTAX]
        return cls(context_id, "".join(abstract[:1]), tuple(transfer))


@dataclass(frozen=True, slots=True)
class AnsweredContext:
    """A presentation context as accepted or refused (PS3.8 9.3.3.2); result 0 accepts."""

    context_id: int
    result: int
    transfer_syntax: str

    def encode(self) -> bytes:
        """Return the item."""
        syntax = item.encode_item(item.TRANSFER_SYNTAX, item.encode_text(self.transfer_syntax))
        value = _CONTEXT.pack(self.context_id, self.result) + syntax
        return item.encode_item(item.ANSWERED_CONTEXT, value)

    @classmethod
    def decode(cls, value: bytes) -> "AnsweredContext":
        """Read the value of the item; the transfer syntax of a refusal means nothing."""
        context_id, result = item.unpack(_CONTEXT, value, 0)
        if result != 0:
            return cls(context_id, result, "")
        syntaxes = item.items(value[_CONTEXT.size :])
        transfer = [item.decode_text(v) for kind, v in syntaxes if kind == item.TRANSFER_SYNTAX]
        return cls(context_id, result, "".join(transfer[:1]))


@dataclass(frozen=True, slots=True)
class UserInformation:
    """What a node says of itself (PS3.8 D.1, PS3.7 D.3.3.2).

    ``max_pdu_length`` is in bytes, 0 for no limit: the longest P-DATA-TF body it wants to receive.
    ``extended`` is what it proposes or accepts beyond a SOP class, by its UID (PS3.7 D.3.3.5).
    """

    max_pdu_length: int = 0
    implementation_class_uid: str = ""
    implementation_version: str = ""
    extended: tuple[tuple[str, bytes], ...] = ()

    def encode(self) -> bytes:
        """Return the item."""
        value = item.encode_item(item.MAXIMUM_LENGTH, _LENGTH.pack(self.max_pdu_length))
        for kind, text in (
            (item.IMPLEMENTATION_CLASS_UID, self.implementation_class_uid),
            (item.IMPLEMENTATION_VERSION_NAME, self.implementation_version),
        ):
            value += item.encode_item(kind, item.encode_text(text)) if text else b""
        value += b"".join(_encode_extended(*each) for each in self.extended)
        return item.encode_item(item.USER_INFORMATION, value)

    @classmethod
    def decode(cls, value: bytes) -> "UserInformation":
        """Read the value of the item; sub-items of other services are passed over."""
        found = list(item.items(value))
        values = dict(found)
        extended = [v for kind, v in found if kind == item.SOP_CLASS_EXTENDED_NEGOTIATION]
        length = values.get(item.MAXIMUM_LENGTH)
        return cls(
            item.unpack(_LENGTH, length, 0)[0] if length is not None else 0,
            item.decode_text(values.get(item.IMPLEMENTATION_CLASS_UID, b"")),
            item.decode_text(values.get(item.IMPLEMENTATION_VERSION_NAME, b"")),
            tuple(_decode_extended(each) for each in extended),
        )


def _encode_extended(sop_class_uid: str, information: bytes) -> bytes:
    uid = item.encode_text(sop_class_uid)
    value = _UID_LENGTH.pack(len(uid)) + uid + information
    return item.encode_item(item.SOP_CLASS_EXTENDED_NEGOTIATION, value)


def _decode_extended(value: bytes) -> tuple[str, bytes]:
    (length,) = item.unpack(_UID_LENGTH, value, 0)
    uid, information = value[2 : 2 + length], value[2 + length :]
    return item.decode_text(uid), information


@dataclass(frozen=True, slots=True)
class AssociateRQ:
    """A-ASSOCIATE-RQ (PS3.8 9.3.2)."""

    called_ae_title: str
    calling_ae_title: str
    contexts: tuple[ProposedContext, ...]
    user: UserInformation

    def encode(self) -> bytes:
        """Return the body of the PDU."""
        return _encode(self)

    @classmethod
    def decode(cls, body: bytes) -> "AssociateRQ":
        """Read the body of the PDU."""
        called, calling, found = _decode(body)
        contexts = [ProposedContext.decode(v) for k, v in found if k == item.PROPOSED_CONTEXT]
        return cls(called, calling, tuple(contexts), _user(found))


@dataclass(frozen=True, slots=True)
class AssociateAC:
    """A-ASSOCIATE-AC (PS3.8 9.3.3); its AE titles are reserved fields and not tested."""

    called_ae_title: str
    calling_ae_title: str
    contexts: tuple[AnsweredContext, ...]
    user: UserInformation

    def encode(self) -> bytes:
        """Return the body of the PDU."""
        return _encode(self)

    @classmethod
    def decode(cls, body: bytes) -> "AssociateAC":
        """Read the body of the PDU; a PACS sends the same one each time."""
        return _acceptance(body) if len(body) <= REMEMBERED else cls._decode(body)

    @classmethod
    def _decode(cls, body: bytes) -> "AssociateAC":
        called, calling, found = _decode(body)
        contexts = [AnsweredContext.decode(v) for k, v in found if k == item.ANSWERED_CONTEXT]
        return cls(called, calling, tuple(contexts), _user(found))


REMEMBERED: Final = 4096  # bytes
_acceptance = lru_cache(maxsize=64)(AssociateAC._decode)


@lru_cache(maxsize=256)
def _encode(pdu: AssociateRQ | AssociateAC) -> bytes:
    titles = (t.encode("ascii").ljust(16) for t in (pdu.called_ae_title, pdu.calling_ae_title))
    name = item.encode_item(item.APPLICATION_CONTEXT, item.encode_text(APPLICATION_CONTEXT_NAME))
    contexts = b"".join(context.encode() for context in pdu.contexts)
    return _FIXED.pack(1, *titles) + name + contexts + pdu.user.encode()


def _decode(body: bytes) -> tuple[str, str, list[tuple[int, bytes]]]:
    _version, called, calling = item.unpack(_FIXED, body, 0)
    found = list(item.items(body[_FIXED.size :]))
    return item.decode_text(called), item.decode_text(calling), found


def _user(found: list[tuple[int, bytes]]) -> UserInformation:
    for kind, value in found:
        if kind == item.USER_INFORMATION:
            return UserInformation.decode(value)
    raise ProtocolError("The PACS sent an association PDU without user information.")
