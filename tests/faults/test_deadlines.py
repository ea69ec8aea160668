"""No silence and no trickle outlasts the whole query or the whole retrieve.

Each time-out but the one of the whole is ten minutes long here, and the faults are met all at once:
a clock that starts again with a byte, a PDU or a message would run into the hang guard.
"""

from dicom_qr_gateway.sandbox.misbehaving import FAULTS, PORT_FAULTS, MisbehavingPacs, Service

from .expectations import TIMEOUTS, only
from .gateway import Answer, Asked, Gateway


def that_time_out(*services: Service) -> list[str]:
    return [
        fault.name
        for fault in FAULTS.values()
        if fault.service in services and fault.truth in TIMEOUTS
    ]


def all_at_once(
    asking: Gateway, pacs: MisbehavingPacs, endpoint: str, names: list[str], deadline: str
) -> dict[str, Answer]:
    questions = [Asked(endpoint, pacs.port, name) for name in names]
    return dict(zip(names, asking.ask(*questions, **only(deadline)), strict=True))


def errors(answers: dict[str, Answer]) -> set[str]:
    return {answer.body["error"] for answer in answers.values()}


def test_no_fault_stretches_the_query_timeout(
    misbehaving: MisbehavingPacs, asking: Gateway
) -> None:
    names = that_time_out(Service.FIND, Service.BOTH)
    answers = all_at_once(asking, misbehaving, "q", names, "QUERY_TIMEOUT")
    assert len(answers) > 15
    assert errors(answers) == {"query_timeout"}


def test_no_fault_of_the_query_stretches_the_retrieve_timeout(
    misbehaving: MisbehavingPacs, asking: Gateway
) -> None:
    names = that_time_out(Service.FIND, Service.BOTH)
    answers = all_at_once(asking, misbehaving, "qr", names, "RETRIEVE_TIMEOUT")
    assert errors(answers) == {"retrieve_timeout"}


def test_no_fault_of_a_move_stretches_the_retrieve_timeout(
    misbehaving: MisbehavingPacs, asking: Gateway
) -> None:
    names = that_time_out(Service.MOVE)
    answers = all_at_once(asking, misbehaving, "qr", names, "RETRIEVE_TIMEOUT")
    assert len(answers) > 5
    assert errors(answers) == {"retrieve_timeout"}


def test_no_port_stretches_the_query_timeout(misbehaving: MisbehavingPacs, asking: Gateway) -> None:
    ports = [misbehaving.port_of(each.name) for each in PORT_FAULTS if each.truth in TIMEOUTS]
    questions = [Asked("q", port, "PACS") for port in ports]
    answers = asking.ask(*questions, **only("QUERY_TIMEOUT"))
    assert [answer.body["error"] for answer in answers] == ["query_timeout"] * 3
