"""The command, against the sandbox PACS."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from dicom_qr_gateway import __version__
from dicom_qr_gateway.cli import addresses, children, main
from dicom_qr_gateway.cli.children import child
from dicom_qr_gateway.config import OPTIONS
from dicom_qr_gateway.errors import RetrieveTimeout
from dicom_qr_gateway.sandbox import Sandbox
from dicom_qr_gateway.services.query import FoundStudies, QueryService
from dicom_qr_gateway.services.retrieve import Retrieved, RetrieveService
from dicom_qr_gateway.services.study import study_of

PATIENT = "1112223333"
RUN = sys.modules["dicom_qr_gateway.cli.run"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(port=0, destination_port=0) as sandbox:
        yield sandbox


@pytest.fixture
def pacs(sandbox):
    """HOST PORT AE_TITLE of the sandbox."""
    return ["127.0.0.1", str(sandbox.port), sandbox.ae_title]


@pytest.fixture
def own_signals() -> Iterator[None]:
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def command(*arguments):
    return CliRunner().invoke(main, list(arguments))


def test_the_version_is_the_packages():
    assert command("--version").output == f"dicom-qr-gateway {__version__}\n"


@pytest.mark.parametrize("name", ["run", "sandbox", "echo", "find", "move", "pacs", "options"])
def test_every_command_explains_itself(name):
    result = command(name, "--help")
    assert result.exit_code == 0
    assert "Example" in result.output or name == "options"
    assert "Exit codes" in result.output or name == "options"


def test_the_help_documents_the_exit_codes():
    output = command("--help").output
    for line in ("0  success", "1  nothing matched", "2  usage", "3  the PACS failed"):
        assert line in output


def test_the_help_cuts_no_sentence_short():
    _, _, listed = command("--help").output.partition("Commands:\n")
    assert listed
    assert "..." not in listed


# --- echo ----------------------------------------------------------------------------------------


def test_echo_says_that_the_pacs_answered(pacs):
    result = command("echo", *pacs)
    assert (result.exit_code, result.output) == (
        0,
        "SANDBOX answered the C-ECHO.\nIt accepts: C-FIND, C-MOVE, C-GET, MWL, STORE.\n",
    )


def test_echo_of_a_closed_port_is_a_failure_of_the_pacs(closed_port):
    result = command("echo", "127.0.0.1", closed_port, "PACS")
    assert result.exit_code == 3
    assert result.stderr.startswith("connection_refused: ")


def test_echo_of_a_forbidden_address_is_a_failure_of_the_caller():
    result = command("echo", "169.254.169.254", "104", "PACS")
    assert result.exit_code == 2
    assert result.stderr.startswith("target_not_allowed: ")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["127.1", "104", "PACS"], "HOST: "),
        (["127.0.0.1", "0", "PACS"], "PORT: "),
        (["127.0.0.1", "104", "A\\B"], "AE_TITLE: "),
        (["127.0.0.1", "104", "PACS", "--calling", " "], "--calling: "),
    ],
)
def test_arguments_keep_the_rules_of_the_http_endpoints(arguments, complaint):
    result = command("echo", *arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_a_bad_time_out_in_the_environment_is_a_usage_error(pacs, monkeypatch):
    monkeypatch.setenv("ACSE_TIMEOUT", "soon")
    result = command("echo", *pacs)
    assert result.exit_code == 2
    assert "ACSE_TIMEOUT='soon' is not accepted" in result.stderr


# --- find ----------------------------------------------------------------------------------------


def test_find_lists_the_studies_most_recent_first(pacs):
    result = command("find", *pacs, PATIENT)
    assert result.exit_code == 0
    heading, *lines = result.output.splitlines()
    assert heading.split()[:4] == ["Date", "Time", "Modalities", "Accession"]
    assert [line.split()[0] for line in lines] == ["20240101", "20230615", "20190920"]


def test_find_takes_the_filters_of_q(pacs):
    filters = ["--modality", "ct", "--modality", "MR", "--max-results", "1"]
    result = command("find", *pacs, PATIENT, *filters, "--max-years-old", "200", "--json")
    body = json.loads(result.output)
    assert [study["ModalitiesInStudy"] for study in body["study_details"]] == [["CT"]]


def test_find_prints_what_q_answers(pacs):
    body = json.loads(command("find", *pacs, PATIENT, "--json").output)
    assert list(body) == ["operation", "status", "patient_id", "study_details"]
    assert (body["operation"], body["status"]) == ("C-FIND", "ok")


def test_find_of_an_unknown_patient_matches_nothing(pacs):
    result = command("find", *pacs, "NOBODY")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("not_found: ")


def test_find_prints_what_q_answers_where_nothing_matches(pacs):
    result = command("find", *pacs, "NOBODY", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "operation": "C-FIND",
        "status": "not_found",
        "message": "The PACS has no study that matches.",
        "patient_id": "NOBODY",
        "study_details": [],
    }


def test_find_names_each_broken_rule(pacs):
    result = command("find", *pacs, "A*", "--modality", "a-b", "--max-results", "0")
    assert result.exit_code == 2
    for name in ("PATIENT_ID: ", "--modality: ", "--max-results: "):
        assert name in result.stderr


def test_find_tells_how_many_matches_were_withheld(pacs, monkeypatch):
    monkeypatch.setattr(QueryService, "find", lambda *_: FoundStudies([], withheld=2))
    assert "2 matches of other patients were withheld." in command("find", *pacs, PATIENT).stderr
    assert json.loads(command("find", *pacs, PATIENT, "--json").output)["withheld"] == 2


def test_control_characters_of_a_pacs_do_not_reach_the_terminal(pacs, monkeypatch):
    body = json.loads(command("find", *pacs, PATIENT, "--json").output)
    study = study_of({**body["study_details"][0], "StudyDescription": "\x1b[2Jgone"})
    monkeypatch.setattr(QueryService, "find", lambda *_: FoundStudies([study]))
    assert "?[2Jgone" in command("find", *pacs, PATIENT).output


# --- move ----------------------------------------------------------------------------------------


def test_move_has_every_study_sent(pacs, sandbox):
    result = command("move", *pacs, PATIENT, "WORKSTATION")
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "3 of 3 studies were moved."


def test_move_to_an_unknown_destination_fails_and_says_why_for_each_study(pacs):
    result = command("move", *pacs, PATIENT, "NOWHERE")
    assert result.exit_code == 3
    assert result.stdout.count("The PACS does not know the destination NOWHERE") == 3
    assert result.stderr == "move_failed: None of 3 studies was moved.\n"


def test_move_of_a_part_has_an_exit_code_of_its_own(pacs, monkeypatch):
    monkeypatch.setattr(
        RetrieveService, "retrieve", lambda *_: Retrieved([], 0, [], success_count=1, total_count=2)
    )
    result = command("move", *pacs, PATIENT, "WORKSTATION")
    assert result.exit_code == 4
    assert result.output.splitlines()[-1] == "1 of 2 studies were moved."


def test_move_that_never_began_prints_no_table(pacs, monkeypatch):
    def fail(*_):
        raise RetrieveTimeout("too slow")

    monkeypatch.setattr(RetrieveService, "retrieve", fail)
    result = command("move", *pacs, PATIENT, "WORKSTATION")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "retrieve_timeout: too slow\n"


def test_ctrl_c_ends_the_operation_and_gives_the_signal_back(pacs):
    before = signal.getsignal(signal.SIGINT)
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def interrupt() -> None:
            connection, _ = silent.accept()
            with connection:
                connection.recv(1)  # the association request has come
                os.kill(os.getpid(), signal.SIGINT)
                ended.wait(10)

        ended = threading.Event()
        thread = threading.Thread(target=interrupt)
        thread.start()
        result = command("echo", "127.0.0.1", str(silent.getsockname()[1]), "PACS")
        ended.set()
        thread.join()
    assert result.exit_code == 3
    assert result.stderr.startswith("shutting_down: ")
    assert signal.getsignal(signal.SIGINT) is before


# --- options -------------------------------------------------------------------------------------


def test_options_lists_every_variable():
    output = command("options").output
    assert all(f"{option.name}=" in output for option in OPTIONS)


def test_the_configuration_page_does_not_depend_on_the_machine():
    output = command("options", "--markdown").output
    assert output.startswith("# Configuration\n")
    assert all(f"| `{option.name}` | " in output for option in OPTIONS)
    assert "| `WEB_CONCURRENCY` | number of processors |" in output


def test_the_configuration_page_that_is_committed_is_up_to_date():
    page = Path(__file__).parents[2] / "docs" / "configuration.md"
    assert page.read_text() == command("options", "--markdown").output


# --- sandbox -------------------------------------------------------------------------------------


def test_sandbox_on_a_busy_port_is_one_line(sandbox):
    result = command("sandbox", "--port", str(sandbox.port))
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: Cannot listen on 127.0.0.1 port {sandbox.port}: Address already in use. "
        "Give another one by --port, or --host.\n"
    )


def test_sandbox_ends_with_the_process_that_holds_its_standard_input(free_pair):
    arguments = ["sandbox", "--port", str(free_pair), "--stop-with-parent"]
    with subprocess.Popen(
        [sys.executable, "-m", "dicom_qr_gateway.cli", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"Sandbox PACS\n"
        process.communicate()
    assert process.returncode == 0


@pytest.fixture
def free_pair() -> int:
    """A free port whose successor is free too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


# --- run -----------------------------------------------------------------------------------------


@pytest.fixture
def bind(monkeypatch, closed_port) -> str:
    monkeypatch.setenv("BIND", f"127.0.0.1:{closed_port}")
    monkeypatch.setenv("WEB_CONCURRENCY", "1")
    return f"127.0.0.1:{closed_port}"


def run_sandbox(port: int):
    return command("run", "--sandbox", "--sandbox-port", str(port))


FIND = [sys.executable, "-m", "dicom_qr_gateway.cli", "find"]


def test_an_output_that_cannot_be_written_is_not_nothing_matched(pacs):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([*FIND, *pacs, PATIENT], stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 5
    assert result.stderr == b"The output could not be written: No space left on device.\n"
    nobody_reads, closed = os.pipe()
    os.close(nobody_reads)
    result = subprocess.run([*FIND, *pacs, PATIENT], stdout=closed, stderr=subprocess.PIPE)
    os.close(closed)
    assert result.returncode == 5


def test_a_terminal_without_the_letters_shows_them_escaped(pacs):
    name = {"PYTHONIOENCODING": "latin-1"}
    result = subprocess.run(
        [*FIND, *pacs, "SB-0027"], env={**os.environ, **name}, capture_output=True
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"\\u" in result.stdout


def test_a_defect_is_not_nothing_matched(monkeypatch, pacs):
    def broken(*_arguments):
        raise LookupError("a defect")

    monkeypatch.setattr(QueryService, "find", broken)
    result = command("find", *pacs, PATIENT)
    assert result.exit_code == 5
    assert "LookupError: a defect" in result.output


def test_run_becomes_gunicorn(monkeypatch, bind):
    class Became(BaseException):
        """An exec never returns."""

    def become(path, arguments):
        raise Became(path, arguments)

    monkeypatch.setattr(os, "execv", become)
    with pytest.raises(Became) as became:
        command("run")
    assert became.value.args == (sys.executable, RUN.ALONE)


def test_run_with_a_bad_setting_is_one_line(monkeypatch):
    monkeypatch.setenv("WEB_THREADS", "many")
    result = command("run")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: WEB_THREADS='many' is not accepted")
    assert len(result.stderr.splitlines()) == 1


def test_run_on_a_busy_port_is_one_line(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        monkeypatch.setenv("BIND", f"127.0.0.1:{port}")
        result = command("run")
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: Port {port} of 127.0.0.1 is in use: "
        "end what listens there, or give another one in BIND.\n"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "nosuch.invalid", f"{'x' * 64}.example"])
def test_run_at_an_address_that_is_not_ours_is_one_line(monkeypatch, host):
    monkeypatch.setenv("BIND", f"{host}:8080")
    result = command("run")
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {host} is not an address of this machine: give another one in BIND.\n"
    )


def test_run_at_a_port_that_is_forbidden_says_so(monkeypatch):
    def forbid(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", forbid)
    monkeypatch.setenv("BIND", "127.0.0.1:80")
    assert command("run").stderr == (
        "Error: Port 80 of 127.0.0.1 cannot be used (Permission denied): "
        "give another one in BIND.\n"
    )


def test_run_with_a_busy_sandbox_port_starts_nothing(bind, sandbox):
    result = run_sandbox(sandbox.port)
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: Port {sandbox.port} of 127.0.0.1 is in use: end what listens there, "
        "or give another one by --sandbox-port, as in: make run ARGS='--sandbox-port 21112'.\n"
    )


@pytest.mark.usefixtures("own_signals")
def test_run_prints_commands_that_succeed_and_ends_on_request(monkeypatch, capfd, bind, free_pair):
    tried = []

    def try_the_commands(*_children):
        welcome = welcomes[0]
        for line in welcome.splitlines():
            if line.strip().startswith("curl "):
                tried.append(json.loads(subprocess.check_output(line, shell=True)))
        signal.raise_signal(signal.SIGTERM)

    welcomes = []
    welcome = RUN._welcome
    monkeypatch.setattr(RUN, "_welcome", lambda *a: welcomes.append(welcome(*a)) or welcomes[0])
    monkeypatch.setattr(RUN, "wait_for_any", try_the_commands)
    result = run_sandbox(free_pair)
    assert result.exit_code == 0
    assert f"http://{bind}/docs" in result.output
    assert f"(put pacs_port {free_pair} into its examples)" in result.output
    assert "GET /" not in capfd.readouterr().out
    assert [answer["operation"] for answer in tried] == ["C-FIND", "C-MOVE", "C-FIND"]
    assert [answer["status"] for answer in tried] == ["ok", "ok", "ok"]
    assert not addresses.accepts(*addresses.split(bind))
    assert not addresses.accepts("127.0.0.1", free_pair)


@pytest.mark.usefixtures("own_signals")
@pytest.mark.parametrize("victim", ["sandbox PACS", "gateway"])
def test_run_ends_when_one_of_the_two_ends_and_says_which(
    monkeypatch, capfd, bind, free_pair, victim
):
    wait_for_any = RUN.wait_for_any

    def kill_one(*children):
        for each in children:
            if each.name == victim:
                each.process.kill()
        wait_for_any(*children)

    monkeypatch.setattr(RUN, "wait_for_any", kill_one)
    result = run_sandbox(free_pair)
    assert result.exit_code == 1
    assert f"The {victim} ended by itself (exit code -9); the rest is ended too." in result.stderr
    assert not addresses.accepts("127.0.0.1", free_pair)


@pytest.mark.usefixtures("own_signals")
def test_run_says_so_when_nothing_gets_ready(monkeypatch, capfd, bind, free_pair):
    monkeypatch.setattr(RUN, "START_SECONDS", 0)
    result = run_sandbox(free_pair)
    assert result.exit_code == 1
    assert "Not ready after 0 s." in result.stderr


@pytest.fixture
def ended(tmp_path):
    """Run a child whose handlers are given, end it, and return its exit code."""

    def ended(handlers, grace_seconds):
        ready = tmp_path / "ready"
        os.mkfifo(ready)
        code = (
            "import os, select, signal, sys\n"
            "def on(number, reaction):\n    signal.signal(number, reaction)\n"
            f"{handlers}\n"
            "open(sys.argv[1], 'w').close()\n"
            # signal.pause would sleep through a signal that comes just before it.
            "while True:\n    select.select([], [], [], 0.01)"
        )
        with child("child", [sys.executable, "-c", code, str(ready)], grace_seconds) as ending:
            ready.read_text()  # blocks until the child has opened its end
        return ending.process.returncode

    return ended


def test_a_child_that_does_not_end_in_its_grace_is_made_to(ended):
    assert ended("on(signal.SIGTERM, signal.SIG_IGN)", 0.01) == -signal.SIGKILL


@pytest.mark.usefixtures("own_signals")
def test_a_further_sigterm_takes_no_time_from_a_child_that_ends(ended):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    again = "lambda *_: (os.kill(os.getppid(), signal.SIGTERM), os._exit(7))"
    assert ended(f"on(signal.SIGTERM, {again})", 60) == 7


@pytest.mark.usefixtures("own_signals")
def test_a_second_ctrl_c_lets_a_child_answer_before_it_ends(ended, monkeypatch):
    # A shell that runs the tests in the background has them ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(children, "AT_ONCE_SECONDS", 60)  # for a machine under load
    ctrl_c = "lambda *_: os.kill(os.getppid(), signal.SIGINT)"
    handlers = f"on(signal.SIGQUIT, lambda *_: os._exit(9)); on(signal.SIGTERM, {ctrl_c})"
    assert ended(handlers, 60) == 9


def test_who_listens_and_looks_at_nobody_does_not_serve(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connect = socket.create_connection
        monkeypatch.setattr(
            socket, "create_connection", lambda address, timeout: connect(address, timeout=0.01)
        )
        assert not addresses.serves(*silent.getsockname())


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("0.0.0.0:80", "127.0.0.1:80"),
        ("[::]:80", "[::1]:80"),
        ("10.1.2.3:8080", "10.1.2.3:8080"),
        ("gateway.example:8080", "gateway.example:8080"),
    ],
)
def test_an_address_to_listen_on_becomes_one_to_connect_to(bind, url):
    assert addresses.in_url(*addresses.reachable(bind)) == url
