"""The faults as people read them: in a terminal, and as docs/misbehaving.md."""

from collections.abc import Iterator, Mapping

from dicom_qr_gateway.sandbox.misbehaving.fault import Truth
from dicom_qr_gateway.sandbox.misbehaving.ports import PORT_FAULTS
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service
from dicom_qr_gateway.sandbox.misbehaving.registry import FAMILIES, FAULTS
from dicom_qr_gateway.sandbox.misbehaving.server import PORT, port_of

# Name, what it applies to, what a truthful client says, what it does.
Row = tuple[str, str, str, str]

HEADINGS: Row = ("name", "applies to", "what a truthful client says", "what it does")
PORTS_TITLE = "Before an association: a port each"
WIDTHS = (18, 11, 47)

KEYS = "-k QueryRetrieveLevel=STUDY -k PatientID=P1 -k StudyInstanceUID"

PAGE = f"""# A PACS that misbehaves, to test DICOM clients with

Real archives fall silent, reset connections, say Success and count failures, and answer in pieces
of one byte. This server does all of that on request, over real sockets, so that you can see what
your own client tells its users then. It is a part of DICOM QR Gateway and needs nothing else of it.
Every study in it is made up.

It has {len(FAULTS)} faults that are chosen by the *called AE title*, and {len(PORT_FAULTS)} that
come before any association and have a port each.

## Start it

```sh
dicom-qr-gateway sandbox --misbehave
```

It listens on 127.0.0.1: the AE titles at port {PORT}, the other faults at the ports after it.
`--host`, `--port` and `--pace` (the seconds between two bytes of a slow fault, 1 by default) change
that. It says in a line which fault each association meets. Ctrl-C ends it. What there is:

```sh
dicom-qr-gateway sandbox --misbehave --list
```

## Ask it

Any DICOM client will do. First a PACS without a fault, to see that the client works; then one that
resets the connection after one match (`findscu` is DCMTK's):

```sh
findscu -S -aec WELL-BEHAVED {KEYS} 127.0.0.1 {PORT}
findscu -S -aec RST-AFTER-1 {KEYS} 127.0.0.1 {PORT}
```

The second must not look like the first: one match came, and whether there are more nobody knows.
`findscu` says so in lines that begin with `E:`, but its exit code is 0 both times (DCMTK 3.6.7): a
script that goes by the exit code is deceived. This gateway says `connection_lost`:

```sh
dicom-qr-gateway find 127.0.0.1 {PORT} RST-AFTER-1 P1
```

There is one study, with three instances, of whatever patient you ask for. Nothing is really sent by
C-MOVE: the server only says so, whatever the move destination is.

## The faults

A fault of C-FIND or C-MOVE begins when that service is asked for, and only on associations that
propose it; everything before is answered as a good PACS does. So a client that asks C-FIND first
can be let down in C-MOVE: these names begin with `M-`. A fault of *both* is one of the association,
whatever it is for.

*What a truthful client says* is what its user must learn, in whatever words. Only where it says
"complete" or "all sent" is the PACS merely odd; everywhere else the client does not know, and a
list of studies, an empty list or "sent" would be a lie. Where the PACS states a status, or a source
and a reason, a good client repeats it.
"""


def rows_of_families() -> Iterator[tuple[str, list[Row]]]:
    """Yield the title of each family and its faults."""
    for family in FAMILIES:
        yield (
            family.title,
            [
                (each.name, each.service.value, told(each.truth, each.said), each.sentence)
                for each in family.faults
            ],
        )


def rows_of_ports(first_port: int) -> list[Row]:
    """Return the faults that have ports, when the AE titles are at ``first_port``."""
    return [
        (
            f"{each.name} {port_of(first_port, each.name)}",
            Service.BOTH.value,
            told(each.truth, {}),
            each.sentence,
        )
        for each in PORT_FAULTS
    ]


def told(truth: Truth, said: Mapping[str, int]) -> str:
    """Return what a truthful client says, with what it repeats of what the PACS said."""
    if "status" in said:
        return f"{truth} {said['status']:04X}"
    numbers = ", ".join(f"{name} {number}" for name, number in said.items())
    return f"{truth} ({numbers})" if numbers else truth.value


def as_text(first_port: int = PORT) -> str:
    """Return the list for a terminal."""
    tables = [*rows_of_families(), (PORTS_TITLE, rows_of_ports(first_port))]
    lines = [f"  {_line(HEADINGS)}"]
    for title, rows in tables:
        lines += ["", title, *(f"  {_line(row)}" for row in rows)]
    return "\n".join(lines)


def _line(row: Row) -> str:
    *columns, last = row
    padded = (text.ljust(width) for text, width in zip(columns, WIDTHS, strict=True))
    return "  ".join((*padded, last))


def as_markdown() -> str:
    """Return the page docs/misbehaving.md."""
    parts = [PAGE]
    for title, rows in (*rows_of_families(), (PORTS_TITLE, rows_of_ports(PORT))):
        parts += [f"### {title}", "", _markdown_row(HEADINGS), "|---|---|---|---|"]
        parts += [_markdown_row((f"`{name}`", *rest)) for name, *rest in rows]
        parts.append("")
    return "\n".join(parts).rstrip()


def _markdown_row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
