"""What a PACS is asked of several studies, and which of its words count."""

from collections.abc import Generator

import pytest

from dicom_qr_gateway.errors import (
    AssociationAborted,
    ConnectionLost,
    DimseFailure,
    GatewayError,
    ProtocolError,
    QueryTimeout,
    ResponseTimeout,
)
from dicom_qr_gateway.services.uid_lists import UIDS_IN_A_LIST, ListUse, UidLists

Row = tuple[str, str]  # Study Instance UID, what is said of it
REFUSED = DimseFailure("refused", dicom={"status": "0xA900"})


class Pacs:
    """Says to each question the rows that it was given, and raises what follows them."""

    def __init__(self, **answers: tuple[Row | Exception, ...]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.cancelled: list[str] = []

    def ask(self, uids: str) -> Generator[Row, None, None]:
        self.asked.append(uids)
        try:
            for row in self.answers.get(uids.replace("\\", "_"), ()):
                if isinstance(row, Exception):
                    raise row
                yield row
        except GeneratorExit:
            self.cancelled.append(uids)
            raise


def lists(pacs: Pacs, use: ListUse | None = None) -> UidLists[Row]:
    return UidLists(pacs.ask, lambda row: row[0], use or ListUse())


def test_several_are_asked_for_at_once() -> None:
    pacs = Pacs(a_b=(("a", "1"), ("b", "2"), ("a", "3")))
    assert lists(pacs).rows(["a", "b"]) == {"a": [("a", "1"), ("a", "3")], "b": [("b", "2")]}
    assert pacs.asked == ["a\\b"]


def test_a_list_that_leaves_one_out_counts_for_nothing() -> None:
    """The PACS may have ended its rows early: of the others there may be more."""
    pacs = Pacs(a_b=(("a", "1"),), a=(("a", "1"), ("a", "3")), b=(("b", "4"),))
    assert lists(pacs).rows(["a", "b"]) == {"a": [("a", "1"), ("a", "3")], "b": [("b", "4")]}
    assert pacs.asked == ["a\\b", "a", "b"]


def test_one_alone_is_no_list_and_a_row_without_its_uid_is_of_it() -> None:
    pacs = Pacs(a=(("", "1"), ("b", "2"), ("a", "3")))
    assert lists(pacs).rows(["a"]) == {"a": [("", "1"), ("a", "3")]}
    assert lists(pacs).rows([]) == {}
    assert pacs.asked == ["a"]


def test_a_list_that_fails_in_the_middle_counts_for_nothing() -> None:
    pacs = Pacs(a_b=(("a", "1"), ("b", "2"), REFUSED), a=(("a", "1"), ("a", "3")), b=(("b", "2"),))
    rows = lists(pacs).rows(["a", "b"])
    assert rows == {"a": [("a", "1"), ("a", "3")], "b": [("b", "2")]}


def test_a_list_that_is_taken_for_any_uid_is_cancelled_and_forgotten() -> None:
    pacs = Pacs(a_b=(("a", "1"), ("z", "2"), ("b", "3")), a=(("a", "4"),))
    assert lists(pacs).rows(["a", "b"]) == {"a": [("a", "4")], "b": []}
    assert (pacs.asked, pacs.cancelled) == (["a\\b", "a", "b"], ["a\\b"])


def test_what_is_not_taken_once_is_not_asked_again() -> None:
    pacs = Pacs(a_b=(REFUSED,))
    asks = lists(pacs)
    asks.rows(["a", "b"])
    asks.rows(["c", "d"])
    assert pacs.asked == ["a\\b", "a", "b", "c", "d"]


def test_a_list_has_no_more_than_fit_into_one_element() -> None:
    uids = [f"1.{number}" for number in range(UIDS_IN_A_LIST + 2)]
    several, rest = "\\".join(uids[:UIDS_IN_A_LIST]), "\\".join(uids[UIDS_IN_A_LIST:])
    answers = {
        each.replace("\\", "_"): tuple((uid, "") for uid in each.split("\\"))
        for each in (several, rest)
    }
    pacs = Pacs(**answers)
    assert [*lists(pacs).rows(uids)] == uids
    assert pacs.asked == [several, rest]


def test_a_list_of_the_longest_uids_there_are_is_asked() -> None:
    uids = [f"1.{number:062}" for number in range(UIDS_IN_A_LIST)]
    several = "\\".join(uids)
    pacs = Pacs(**{several.replace("\\", "_"): tuple((uid, "") for uid in uids)})
    lists(pacs).rows(uids)
    assert pacs.asked == [several]


def test_a_list_that_is_too_long_for_an_element_is_not_asked() -> None:
    uids = [f"1.{number}{'0' * 700}" for number in range(UIDS_IN_A_LIST)]
    pacs = Pacs()
    lists(pacs).rows(uids)
    assert pacs.asked == uids


@pytest.mark.parametrize("answer", ["a_b", "a"])
def test_what_ends_the_association_is_never_a_refused_list(answer: str) -> None:
    answers = {answer: (("a", "1"), ConnectionLost("lost"))}
    with pytest.raises(ConnectionLost):
        lists(Pacs(**answers)).rows(["a", "b"])


def test_a_refusal_of_one_uid_is_an_error() -> None:
    with pytest.raises(DimseFailure):
        lists(Pacs(a=(REFUSED,))).rows(["a"])


ENDS: list[GatewayError] = [
    AssociationAborted("aborted"),
    ConnectionLost("lost"),
    ResponseTimeout("silent"),
]


@pytest.mark.parametrize("end", ENDS)
def test_lists_are_given_up_once_where_the_association_ends_after_one(end: GatewayError) -> None:
    use = ListUse()
    with pytest.raises(type(end)):
        lists(Pacs(a_b=(("a", "1"), end)), use).rows(["a", "b"])
    assert use.give_up_for(end)
    pacs = Pacs(a=(("a", "1"),))
    assert lists(pacs, use).rows(["a", "b"]) == {"a": [("a", "1")], "b": []}
    assert pacs.asked == ["a", "b"]
    assert not use.give_up_for(end)


@pytest.mark.parametrize("end", ENDS)
def test_where_no_list_was_asked_none_is_to_blame(end: GatewayError) -> None:
    use = ListUse()
    lists(Pacs(), use).rows(["a"])
    assert not use.give_up_for(end)


@pytest.mark.parametrize("failure", [REFUSED, ProtocolError("broken"), QueryTimeout("too long")])
def test_other_failures_are_not_blamed_on_lists(failure: GatewayError) -> None:
    use = ListUse()
    lists(Pacs(), use).rows(["a", "b"])
    assert not use.give_up_for(failure)
