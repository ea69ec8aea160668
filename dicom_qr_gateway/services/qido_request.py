"""What a search asks: the query string of QIDO-RS, read and checked (PS3.18 8.3.4 and 10.6.1).

Rule: every parameter is understood or refused by name; none is ignored, and none means two things.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from dicom_qr_gateway.dicom.data_set import SPECIFIC_CHARACTER_SET
from dicom_qr_gateway.dicom.query_keys import Keys, Path, merged, nested
from dicom_qr_gateway.errors import InvalidRequest
from dicom_qr_gateway.services.attribute_names import (
    CannotBeAsked,
    Refused,
    check_no_bulk_data,
    level_below,
    names_private_creator,
    path_of,
    vr_to_ask_by,
)
from dicom_qr_gateway.services.key_values import (
    EMPTY,
    BadValue,
    NothingInRange,
    checked,
    is_universal,
)
from dicom_qr_gateway.services.qido_attributes import (
    DOWNWARDS,
    UNIQUE_KEYS,
    Level,
    everything,
    is_below,
    required,
    returned,
    tag,
)
from dicom_qr_gateway.services.qido_options import OPTIONS, Options

MAX_PARAMETERS: Final = 200
_INCLUDE_FIELD: Final = "includefield"
_ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Search:
    """A valid search, whichever PACS it goes to.

    Both kinds of keys are trees of tags, as query_keys has them: ``asked`` are those that have a
    value, the UIDs of the path included (several values joined by backslashes, EMPTY for "has
    none"); ``included`` are those whose values are to be in the answer. Neither implies the other.
    ``demanded`` are attributes that are in each row, if only without a value.
    Where ``is_empty`` nothing can match. ``warnings`` are what must be said of the query string.
    """

    level: Level
    asked: Keys = field(default_factory=dict)
    included: Keys = field(default_factory=dict)
    demanded: frozenset[int] = frozenset()
    limit: int | None = None
    offset: int = 0
    fuzzy_matching: bool = False
    partial: bool = False
    is_empty: bool = False
    warnings: tuple[str, ...] = ()


def read_search(
    level: Level, path: Mapping[str, str], parameters: Iterable[tuple[str, str]]
) -> Search:
    """Return the search that a path and a query string ask for.

    Args:
        level: what the path ends in.
        path: keyword -> UID of what stands in the path.
        parameters: the query string, decoded, in its order.

    Raises:
        InvalidRequest: a parameter is unknown, comes twice or has a value that is not accepted;
            ``errors`` names each of them.
    """
    reader = _Reader(level)
    given = list(parameters)
    if len(given) > MAX_PARAMETERS:
        raise InvalidRequest({"query": [f"A search has at most {MAX_PARAMETERS} parameters."]})
    for keyword, uid in path.items():
        reader.read_path(keyword, uid)
    for name, value in sorted(given, key=_turn):
        reader.read(name, value)
    return reader.search()


def _turn(parameter: tuple[str, str]) -> int:
    """Return when to read a parameter: what says how others are meant comes first.

    Whether "" asks for attributes without a value is an option; what a private attribute is, its
    creator says.
    """
    name, _ = parameter
    return 0 if name in OPTIONS else 1 if names_private_creator(name) else 2


class _Reader:
    """What has been read of a search so far."""

    def __init__(self, level: Level) -> None:
        self._level = level
        self._options = Options()
        self._of_path: dict[str, str] = {}
        self._keys: set[Path] = set()
        self._asked: dict[Path, str] = {}
        self._included: dict[Path, str] = {}
        self._includes_all = False
        self._is_empty = False
        self._warnings: list[str] = []
        self._left_out: dict[str, dict[str, None]] = {}  # reason -> names, each once
        self._errors: defaultdict[str, list[str]] = defaultdict(list)

    def read_path(self, keyword: str, uid: str) -> None:
        """Take in a UID of the path."""
        if not uid or "," in uid or "\\" in uid:
            self._errors[keyword].append("A path names one UID.")
        else:
            self.read(keyword, uid)
            self._of_path[keyword] = uid

    def read(self, name: str, value: str) -> None:
        """Take in a parameter, or why it is refused; dicomtrolley says again what a path says."""
        if self._of_path.get(name) == value:
            return
        try:
            if name in OPTIONS:
                self._options.read(name, value)
            elif name == _INCLUDE_FIELD:
                self._read_included(value)
            else:
                self._read_key(name, value)
        except NothingInRange:
            self._is_empty = True
            self._warnings.append(f"The range of {name} ends before it begins: nothing is in it.")
        except CannotBeAsked as reason:
            if value:
                self._errors[name].append(str(reason))
            else:
                self._leave_out(name, reason)
        except (Refused, BadValue) as refused:
            self._errors[name].append(str(refused))

    def search(self) -> Search:
        """Return the search, or raise InvalidRequest with all that was refused."""
        if self._errors:
            raise InvalidRequest(self._errors)
        options = self._options
        demanded = self._demanded()
        left_out = (f"Left out: {', '.join(names)}. {why}" for why, names in self._left_out.items())
        return Search(
            self._level,
            nested(self._asked),
            merged(demanded, nested(self._included)),
            required(self._level) & demanded.keys(),
            options.number("limit"),
            options.number("offset") or 0,
            options.is_on("fuzzymatching"),
            options.is_on("partial"),
            self._is_empty,
            tuple(dict.fromkeys((*options.warnings, *self._warnings, *left_out))),
        )

    def _demanded(self) -> Keys:
        """Return what PS3.18 10.6.3.3 puts into each answer.

        The attributes of a level above are part of it unless the path names that entity.
        """
        if self._includes_all:
            return everything(self._level)
        keys = returned(self._level)
        for above in DOWNWARDS:
            if is_below(self._level, above):
                unique = tag(UNIQUE_KEYS[above])
                is_named = UNIQUE_KEYS[above] in self._of_path
                own = {unique: ""} if is_named else returned(above)
                keys = merged(keys, own)
        return keys

    def _read_included(self, value: str) -> None:
        for name in value.split(","):
            if name == _ALL:
                self._includes_all = True
                continue
            try:
                self._include(name, path_of(name))
            except CannotBeAsked as reason:
                self._leave_out(name, reason)
            except Refused as refused:
                self._errors[_INCLUDE_FIELD].append(f'"{name}": {refused}')

    def _include(self, name: str, path: Path) -> None:
        """Ask for an attribute, but for one of a level below: PS3.18 10.6.3.3 leaves it out."""
        check_no_bulk_data(path[-1], vr_to_ask_by(path, self._asked))
        below = level_below(path, self._level)
        if below is None:
            self._included[path] = ""
        else:
            self._warnings.append(f"{name} belongs to {below}: {self._level} do not return it.")

    def _leave_out(self, name: str, reason: CannotBeAsked) -> None:
        """Note why an attribute is not in the answer, which PS3.18 10.6.3.3 makes a wish."""
        self._left_out.setdefault(str(reason), {})[name] = None

    def _read_key(self, name: str, text: str) -> None:
        path = path_of(name)
        if path in self._keys:
            raise Refused("The attribute is asked for more than once.")
        self._keys.add(path)
        if not text:
            self._include(name, path)
            return
        self._check_level(path)
        value = self._value(path, text)
        if is_universal(vr_to_ask_by(path, self._asked), value):
            self._included[path] = ""
        else:
            self._asked[path] = value

    def _value(self, path: Path, text: str) -> str:
        vr = vr_to_ask_by(path, self._asked)
        if path == (SPECIFIC_CHARACTER_SET,):
            raise Refused("Answers are in UTF-8 whatever the PACS speaks: nothing to search for.")
        if vr == "SQ":
            raise Refused("The attribute is a sequence: name an attribute in it, after a dot.")
        if text == EMPTY and self._options.is_on("emptyvaluematching"):
            return EMPTY
        return checked(vr, text)

    def _check_level(self, path: Path) -> None:
        below = level_below(path, self._level)
        if below is not None:
            raise Refused(
                f"The attribute belongs to {below}: it cannot be searched for at the level of "
                f"{self._level}."
            )
