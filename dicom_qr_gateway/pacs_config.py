"""PACS_CONFIG: a TOML file with a table for each PACS that requests may name.

Rule: the file is read and checked whole. Whatever is wrong with it is told in a line of its own,
with the path, the key and what is accepted, and then none of it counts.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.dicom.association_limits import AssociationLimit, AssociationLimits
from dicom_qr_gateway.dicom.types import ApplicationEntity, Quirks
from dicom_qr_gateway.named_pacs import NamedPacs, PacsDirectory
from dicom_qr_gateway.options import ConfigurationError
from dicom_qr_gateway.pacs_keys import KEYS, NAME, NAME_IS, NO_NAME, QUIRKS, RESERVED

Table = Mapping[str, Any]


def read_pacs(settings: Settings) -> tuple[NamedPacs, ...]:
    """Return the PACS that the file at PACS_CONFIG describes, none where it is not set.

    Raises:
        ConfigurationError: a line for everything that is wrong.
    """
    path = settings.pacs_config
    if not path:
        return ()
    tables = _load(path)
    problems = list(_problems(tables))
    if not problems:
        pacs = tuple(_named(name, table, settings) for name, table in tables["pacs"].items())
        problems = [*_shared(pacs), *_starving(pacs, settings.max_associations_per_pacs)]
    if problems:
        raise ConfigurationError("\n".join(f"{path}: {problem}" for problem in problems))
    return pacs


def pacs_directory(settings: Settings) -> PacsDirectory:
    """Return the directory that was handed down to this process, else the one of the settings.

    Raises:
        ConfigurationError: see read_pacs.
    """
    if _handed_down:
        return _handed_down[-1]
    return PacsDirectory(read_pacs(settings), named_only=settings.named_pacs_only)


# What a server's master read and checked, in each worker: by now the file may say something else.
_handed_down: list[PacsDirectory] = []


def hand_down(directory: PacsDirectory) -> None:
    """Let every application that this process makes from now on have this directory."""
    _handed_down.append(directory)


def association_limits(pacs: Iterable[NamedPacs], default: int) -> AssociationLimits:
    """Return how many associations each of them may have; ``default`` where it does not say."""
    return AssociationLimits(
        [
            AssociationLimit(
                each.peer.host,
                each.peer.port,
                each.max_associations or default,
                each.idle_associations,
            )
            for each in pacs
        ]
    )


def _load(path: str) -> Table:
    try:
        with open(path, "rb") as file:
            return {"pacs": {}, **tomllib.load(file)}
    except OSError as error:
        why = f"it cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        why = "it is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        why = f"it is no TOML ({error})"
    raise ConfigurationError(f"PACS_CONFIG={path!r} is not accepted, {why}: give a TOML file")


def _problems(tables: Table) -> Iterator[str]:
    for key in sorted(tables.keys() - {"pacs"}):
        yield f"{key} is not accepted: give tables [pacs.NAME] and nothing else"
    named = tables["pacs"]
    if not isinstance(named, dict):
        yield f"pacs={named!r} is not accepted: give tables [pacs.NAME]"
        return
    for name, table in named.items():
        if not NAME.fullmatch(name) or name in NO_NAME:
            yield f"pacs.{name} is not accepted: give {NAME_IS}"
        if isinstance(table, dict):
            yield from (f"pacs.{name}.{problem}" for problem in _problems_of(table))
        else:
            yield f"pacs.{name}={table!r} is not accepted: give a table [pacs.NAME]"


def _problems_of(table: Table) -> Iterator[str]:
    known = {key.name for key in KEYS}
    for name in sorted(table.keys() - known):
        if name in RESERVED:
            yield f"{name} is not accepted, not yet: DICOM over TLS comes in a later version"
        else:
            yield f"{name} is not accepted: give {', '.join(key.name for key in KEYS)}"
    for key in KEYS:
        try:
            key.read(table)
        except KeyError:
            yield f"{key.name} is missing: give {key.accepted}"
        except ValueError:
            yield f"{key.name}={table[key.name]!r} is not accepted: give {key.accepted}"


def _named(name: str, table: Table, settings: Settings) -> NamedPacs:
    values = {key.name: key.read(table) for key in KEYS}
    quirks = Quirks(**{key.name: values[key.name] for key in QUIRKS})
    return NamedPacs(
        name,
        ApplicationEntity(values["host"], values["port"], values["ae_title"], quirks),
        values["calling_ae_title"] or settings.calling_ae_title,
        values["description"],
        values["max_associations"],
        values["idle_associations"],
    )


def _starving(pacs: tuple[NamedPacs, ...], default: int) -> Iterator[str]:
    """Yield a problem for each PACS whose kept associations would leave none for who asks next."""
    for each in pacs:
        most = each.max_associations or default
        if each.idle_associations >= most:
            yield (
                f"pacs.{each.name}.idle_associations={each.idle_associations} is not accepted: "
                f"give less than its max_associations, which is {most}"
            )


def _shared(pacs: tuple[NamedPacs, ...]) -> Iterator[str]:
    """Yield a problem for each PACS that is called just as another."""
    names: dict[tuple[str, int, str, str], str] = {}
    for each in pacs:
        peer = each.peer
        called = (peer.host.lower(), peer.port, peer.ae_title, each.calling_ae_title)
        first = names.setdefault(called, each.name)
        if first != each.name:
            yield (
                f"pacs.{each.name} is not accepted: host, port, ae_title and calling_ae_title are "
                f"those of pacs.{first}, give one table a PACS"
            )
