"""C-MOVE responses that say one thing and count another (PS3.7 9.1.4, PS3.4 C.4.2)."""

from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Truth
from dicom_qr_gateway.sandbox.misbehaving.peer import INSTANCES, PENDING, SUCCESS, Peer
from dicom_qr_gateway.sandbox.misbehaving.studies import STUDY_INSTANCE_UID

FAMILY = Family("What a C-MOVE says of its sub-operations")

A_WARNING = 0xB000
COULD_NOT_SEND = 0xA702
AN_INSTANCE = f"{STUDY_INSTANCE_UID}.1.1"


@FAMILY.move("M-SOME-FAILED", Truth.SENT_IN_PART)
def success_with_a_failed_sub_operation(peer: Peer) -> None:
    """Says Success with two instances sent and one failed."""
    peer.moved(2, SUCCESS, NumberOfFailedSuboperations=1)


@FAMILY.move("M-ALL-FAILED", Truth.NOTHING_SENT)
def success_with_nothing_but_failed_sub_operations(peer: Peer) -> None:
    """Says Success with three instances failed."""
    peer.moved(0, SUCCESS, NumberOfFailedSuboperations=INSTANCES)


@FAMILY.move("M-ZEROS", Truth.NOTHING_SENT)
def success_with_zeros(peer: Peer) -> None:
    """Says Success with no instance sent, none failed, and none that remains."""
    peer.moved(0, SUCCESS)


@FAMILY.move("M-REMAINING", Truth.SENT_IN_PART)
def success_with_remaining_sub_operations(peer: Peer) -> None:
    """Says Success with one instance sent and two that remain."""
    peer.moved(1, SUCCESS, NumberOfRemainingSuboperations=2)


@FAMILY.move("M-FEWER", Truth.SENT_IN_PART)
def success_with_fewer_than_were_announced(peer: Peer) -> None:
    """Says that one of three instances was sent, then Success with one sent and none failed."""
    peer.moved(1)
    peer.moved(1, SUCCESS)


@FAMILY.move("M-LATE-WARNING", Truth.SENT_IN_PART)
def warning_after_the_final_response(peer: Peer) -> None:
    """Says Success with three instances sent, and behind it in the same segment B000."""
    late = peer.movement(2, A_WARNING, NumberOfFailedSuboperations=1)
    peer.send(peer.movement(INSTANCES, SUCCESS) + late)


@FAMILY.move("M-FAILED-LIST", Truth.NOTHING_SENT)
def success_with_a_list_of_failed_instances(peer: Peer) -> None:
    """Says Success without counts, and lists an instance that failed."""
    peer.respond(SUCCESS, {"FailedSOPInstanceUIDList": AN_INSTANCE})


@FAMILY.move("M-WARNING", Truth.SENT_IN_PART)
def warning_with_counts(peer: Peer) -> None:
    """Ends with B000, two instances sent and one failed, and lists it."""
    peer.respond(
        A_WARNING,
        {"FailedSOPInstanceUIDList": AN_INSTANCE},
        NumberOfCompletedSuboperations=2,
        NumberOfFailedSuboperations=1,
    )


@FAMILY.move("M-FAILS-LATE", Truth.SENT_IN_PART)
def failure_after_one_instance(peer: Peer) -> None:
    """Says that one instance was sent, then ends with A702 and zeros."""
    peer.moved(1)
    peer.moved(0, COULD_NOT_SEND)


@FAMILY.move("M-BROKEN-LIST", Truth.FAILURE, status=A_WARNING)
def unreadable_list_without_counts(peer: Peer) -> None:
    """Ends with B000, no counts, and a list of failed instances that cannot be read."""
    peer.respond(A_WARNING, b"\xff" * 30)


@FAMILY.move("M-BROKEN-COUNTED", Truth.SENT_IN_PART)
def unreadable_list_with_counts(peer: Peer) -> None:
    """Ends with B000, two instances sent, and a list of failed instances that cannot be read."""
    peer.respond(A_WARNING, b"\xff" * 30, NumberOfCompletedSuboperations=2)


@FAMILY.move("M-BROKEN-OK", Truth.SENT_IN_PART)
def success_with_an_unreadable_list(peer: Peer) -> None:
    """Says Success with three instances sent, and a data set that cannot be read."""
    peer.respond(SUCCESS, b"\xff" * 30, NumberOfCompletedSuboperations=INSTANCES)


@FAMILY.move("M-NO-COUNTS", Truth.ALL_SENT)
def success_without_counts(peer: Peer) -> None:
    """Says Success and states no count at all."""
    peer.respond(SUCCESS)


@FAMILY.move("M-NO-PENDING", Truth.ALL_SENT)
def success_at_once(peer: Peer) -> None:
    """Sends no pending response before its final one."""
    peer.moved(INSTANCES, SUCCESS)


@FAMILY.move("M-WRAPPED", Truth.ALL_SENT)
def counters_that_wrap_around(peer: Peer) -> None:
    """Sends 65,536 instances, so that the counter of 16 bits ends at 0."""
    peer.moved(0xFFFF, NumberOfRemainingSuboperations=1)
    peer.moved(0, SUCCESS)


@FAMILY.move("M-BACKWARDS", Truth.ALL_SENT)
def counters_that_run_backwards(peer: Peer) -> None:
    """Counts three instances sent, then one, then three."""
    for completed in (3, 1):
        peer.moved(completed)
    peer.moved(INSTANCES, SUCCESS)


@FAMILY.move("M-FF01", Truth.ALL_SENT)
def pending_with_a_warning(peer: Peer) -> None:
    """Sends its pending response with FF01, which C-MOVE does not have."""
    peer.moved(1, PENDING + 1)
    peer.moved(INSTANCES, SUCCESS)


@FAMILY.move("M-DATA-SET", Truth.ALL_SENT)
def final_response_with_a_data_set(peer: Peer) -> None:
    """Says Success with a data set that lists no failed instance."""
    peer.respond(
        SUCCESS, {"FailedSOPInstanceUIDList": ""}, NumberOfCompletedSuboperations=INSTANCES
    )


@FAMILY.move("M-CLOSES-AFTER", Truth.ALL_SENT)
def closes_after_success(peer: Peer) -> None:
    """Says Success with three instances sent, and closes the connection."""
    peer.moved(INSTANCES, SUCCESS)
    peer.close()


@FAMILY.move("M-NO-COUNTS-FIN", Truth.CONNECTION_LOST)
def closes_after_a_pending_response_without_counts(peer: Peer) -> None:
    """Sends a pending response without counts, and closes the connection."""
    peer.respond(PENDING)
    peer.close()
