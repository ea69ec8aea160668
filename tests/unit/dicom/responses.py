"""Command sets as a PACS sends them, encoded by pynetdicom."""

from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode


def command_set(**elements: object) -> bytes:
    """Return a command set as pynetdicom encodes it, with its group length."""
    data_set = Dataset()
    for keyword, value in elements.items():
        setattr(data_set, keyword, value)
    return encode(data_set, True, True)


def a_find_response(**elements: object) -> bytes:
    """Return a pending C-FIND-RSP with an identifier, elements added or replaced."""
    usual = {
        "CommandField": 0x8020,
        "MessageIDBeingRespondedTo": 1,
        "CommandDataSetType": 1,
        "Status": 0xFF00,
    }
    return command_set(**{**usual, **elements})
