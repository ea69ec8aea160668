"""All faults there are, by family.

Rule: an AE title names one fault, and every name is one that a client can call.
"""

from dicom_qr_gateway.sandbox.misbehaving import (
    aborts,
    broken_pdus,
    commands,
    data_sets,
    endings,
    floods,
    matches,
    movements,
    negotiation,
    rejections,
    segments,
    slowness,
    statuses,
    well_behaved,
)
from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Fault

FAMILIES: tuple[Family, ...] = (
    well_behaved.FAMILY,
    *endings.FAMILIES,
    slowness.FAMILY,
    floods.FAMILY,
    rejections.FAMILY,
    negotiation.FAMILY,
    aborts.FAMILY,
    broken_pdus.FAMILY,
    commands.FAMILY,
    data_sets.FAMILY,
    matches.FAMILY,
    segments.FAMILY,
    statuses.FIND,
    statuses.MOVE,
    movements.FAMILY,
)
FAULTS: dict[str, Fault] = {fault.name: fault for family in FAMILIES for fault in family.faults}
