"""The troubleshooting page: a section for every error, and only messages that exist."""

import ast
import re
import shlex
import subprocess

import pytest
from click.testing import CliRunner

import dicom_qr_gateway
from dicom_qr_gateway.blueprints.errors import status_of
from dicom_qr_gateway.cli import main
from dicom_qr_gateway.dicom.c_move import MoveResponse
from dicom_qr_gateway.dicom.phases import PHASES
from dicom_qr_gateway.dicom.status import Category, advice, describe
from dicom_qr_gateway.dicom.types import SubOperations
from dicom_qr_gateway.errors import NoStudyMatched
from dicom_qr_gateway.schemas.errors import outcomes
from dicom_qr_gateway.services.diagnosis import ADVICE
from dicom_qr_gateway.services.study_outcome import StudyOutcome

DESTINATION = "DESTINATION"
# A status without advice of its own is told by its code and meaning.
BY_CODE = re.compile(r"The PACS answered C-MOVE with 0x[0-9A-F]{4} \(.+\): its log says why\.")


def sections(troubleshooting):
    return re.findall(r"^### `(\w+)`\n\n(\d{3})", troubleshooting.text, re.MULTILINE)


def test_every_error_has_a_section_with_its_status_code(troubleshooting):
    raised = {outcome.error: status_of(outcome) for outcome in outcomes()}
    raised[NoStudyMatched.error] = 404
    printed = sections(troubleshooting)
    assert {error: int(status) for error, status in printed} == raised
    assert len(printed) == len(raised)


def test_every_section_quotes_a_message(troubleshooting):
    for error, _ in sections(troubleshooting):
        assert "\n> " in troubleshooting.section(f"`{error}`"), error


def test_every_advice_is_in_the_section_of_its_error(troubleshooting):
    for error, sentence in ADVICE.items():
        assert f"`/echo` adds:\n\n> {sentence}\n" in troubleshooting.section(f"`{error}`"), error


def test_no_section_has_an_advice_that_echo_does_not_give(troubleshooting):
    assert troubleshooting.text.count("`/echo` adds:") == len(ADVICE)


def test_every_failure_of_the_pacs_itself_has_an_advice():
    in_a_query_or_retrieve = {
        "patient_mismatch", "too_many_matches", "move_failed", "query_timeout", "retrieve_timeout",
    }  # fmt: skip
    of_the_gateway = {"gateway_busy", "shutting_down"}
    failures = {each.error for each in outcomes() if status_of(each) in (502, 503, 504)}
    assert set(ADVICE) == failures - in_a_query_or_retrieve - of_the_gateway


def test_every_phase_that_can_fail_is_explained(troubleshooting):
    explained = [row[0].strip("`") for row in troubleshooting.table("Try it by hand")]
    assert explained == list(PHASES[:-1])


FILLED_IN = re.compile(r"\{\w*\}")
# What says less than this by itself says nothing about a message.
FEWEST_CHARACTERS = 20


@pytest.fixture(scope="module")
def messages(root):
    """Every text of the package as a pattern; what is filled in may be anything."""
    package = root / dicom_qr_gateway.__name__
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted(package.rglob("*.py"))]
    texts = {text_of(node) for tree in trees for node in ast.walk(tree)}
    fixed = [FILLED_IN.split(text) for text in texts]
    return [
        re.compile(".+".join(map(re.escape, parts)))
        for parts in fixed
        if sum(map(len, parts)) > FEWEST_CHARACTERS
    ]


def text_of(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{}" for part in node.values)
    return ""


def test_every_message_that_is_quoted_exists(troubleshooting, messages):
    for quote in troubleshooting.quotes:
        assert any(message.fullmatch(quote) for message in messages), quote


def final_messages():
    """Every message of a C-MOVE's final status that is not Success."""
    for code in range(1, 0x10000):
        if describe("C-MOVE", code).category is not Category.PENDING:
            yield advice("C-MOVE", code, move_destination=DESTINATION)


def test_every_message_of_a_failed_c_move_is_explained(troubleshooting):
    wanted = {message for message in final_messages() if not BY_CODE.fullmatch(message)}
    assert wanted <= set(troubleshooting.quotes)
    assert any(BY_CODE.fullmatch(quote) for quote in troubleshooting.quotes)


@pytest.mark.parametrize(
    "responses",
    [
        [],
        [SubOperations(0, 3, 0, 0)],
        [SubOperations(0, 2, 1, 0)],
        [SubOperations(0, 0, 0, 0)],
    ],
    ids=["not begun", "all sent", "some sent", "nothing sent"],
)
def test_every_message_after_success_is_explained(troubleshooting, responses):
    outcome = StudyOutcome("1.2.3", DESTINATION)
    for counts in responses:
        outcome.add(MoveResponse(0x0000, True, counts))
    assert outcome.message in troubleshooting.quotes


def by_hand(troubleshooting, sandbox, program):
    """Return the lines of a program, against the sandbox."""
    replaced = troubleshooting.section("Try it by hand").replace("MAINPACS", sandbox.ae_title)
    replaced = replaced.replace("10.1.2.3 104", f"{sandbox.host} {sandbox.port}")
    lines = re.findall(rf"^({program} .+)$", replaced, re.MULTILINE)
    assert lines
    return [shlex.split(line) for line in lines]


def test_the_commands_to_try_by_hand_work(troubleshooting, sandbox):
    for _, *arguments in by_hand(troubleshooting, sandbox, "dicom-qr-gateway"):
        assert CliRunner().invoke(main, arguments).exit_code == 0, arguments


@pytest.mark.parametrize("program", ["echoscu", "findscu", "movescu"])
def test_the_commands_of_dcmtk_work(troubleshooting, sandbox, program):
    [command] = by_hand(troubleshooting, sandbox, program)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
