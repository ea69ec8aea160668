"""How far a search may go beyond one C-FIND."""

from dicom_qr_gateway.errors import InvalidRequest

# Of a search that goes from level to level, or asks for what the PACS left out.
MAX_ENTITIES: int = 1000


def too_broad() -> InvalidRequest:
    """Return the error of a search that this PACS would have to be asked too often for."""
    return InvalidRequest(
        {
            "query": [
                "The PACS does not answer this at once, and level by level it would take more than "
                f"{MAX_ENTITIES} queries: narrow the search, for example to a study or a date. For "
                "an archive like Orthanc, which answers relational queries without saying so, set "
                "relational = true in PACS_CONFIG."
            ]
        }
    )
