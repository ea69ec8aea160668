"""How far a search may go beyond one C-FIND, and what is said where that is not enough."""

from collections.abc import Iterable

from dicom_qr_gateway.errors import InvalidRequest

# Of a search that goes from level to level, or asks for what the PACS left out.
MAX_ENTITIES: int = 1000
# So many without an attribute say that the PACS does not return it, where not all are looked at.
ENOUGH: int = 50


def not_known(names: Iterable[str]) -> InvalidRequest:
    """Return the error of a search by attributes, as parameters, that were in no match at all."""
    return _about(names, "The PACS neither matches nor returns {}: ask without it.")


def not_seen(names: Iterable[str]) -> InvalidRequest:
    """Return the error of a search that ends early, since so far they were in no match at all."""
    return _about(
        names,
        f"The PACS was asked {ENOUGH} times and returned matches, but {{}} in none of them: narrow "
        "the search, for example to a study, or ask without it.",
    )


def _about(names: Iterable[str], reason: str) -> InvalidRequest:
    return InvalidRequest({name: [reason.format(name)] for name in names})


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
