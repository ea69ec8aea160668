"""The README: its commands run, its answers are the gateway's, its tables are the code's."""

import http.client
import json
import re
import shlex

from click.testing import CliRunner

from dicom_qr_gateway.blueprints.errors import STATUS, status_of
from dicom_qr_gateway.cli import main
from dicom_qr_gateway.config import OPTIONS
from dicom_qr_gateway.schemas.errors import outcomes
from dicom_qr_gateway.schemas.pacs import ADDRESS
from dicom_qr_gateway.schemas.query import SANDBOX_QUERY
from dicom_qr_gateway.schemas.retrieve import RetrieveSchema

VARIES = "…"
GATEWAY = "127.0.0.1:8080"
CONTRACT_VARIABLES = {
    "DICOM_DEBUG",
    "LOG_TO_CONSOLE",
    "ACSE_TIMEOUT",
    "DIMSE_TIMEOUT",
    "NETWORK_TIMEOUT",
    "CONNECTION_TIMEOUT",
}


def is_answer(printed, real):
    """Tell whether an answer is the printed one.

    In that, ``…`` stands for whatever the answer says, and a fraction for any, which is a duration.
    """
    if printed == VARIES:
        return bool(real)
    if printed == [VARIES]:
        return isinstance(real, list) and bool(real)
    if isinstance(printed, dict) and isinstance(real, dict):
        return list(printed) == list(real) and all(is_answer(printed[k], real[k]) for k in printed)
    if isinstance(printed, list) and isinstance(real, list):
        return len(printed) == len(real) and all(map(is_answer, printed, real))
    return type(printed) is type(real) and (isinstance(real, float) or printed == real)


def ask(example, gateway, sandbox):
    address, _, path = example.url.removeprefix("http://").partition("/")
    method = "POST" if example.body else "GET"
    assert address == GATEWAY
    port = f'"pacs_port": {SANDBOX_QUERY["pacs_port"]}'
    body = example.body.replace(port, f'"pacs_port": {sandbox.port}')
    connection = http.client.HTTPConnection(gateway)
    try:
        connection.request(method, f"/{path}", body, example.headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_every_request_gets_the_answer_that_is_printed_below_it(curl_example, gateway, sandbox):
    status, answer = ask(curl_example, gateway, sandbox)
    printed = json.loads(curl_example.answer)
    assert is_answer(printed, answer), f"the answer is {json.dumps(answer, ensure_ascii=False)}"
    assert status == curl_example.status


def test_no_example_is_left_out(readme, curl_examples, console_examples):
    assert len(curl_examples) == readme.text.count("```sh\ncurl ")
    assert len(console_examples) == readme.text.count("```console\n")


def test_every_command_prints_what_is_printed_below_it(console_example, sandbox):
    name, *arguments = shlex.split(console_example.command)
    port = str(SANDBOX_QUERY["pacs_port"])
    assert name == "dicom-qr-gateway"
    assert port in arguments
    result = CliRunner().invoke(
        main, [str(sandbox.port) if each == port else each for each in arguments]
    )
    assert result.output == console_example.output
    assert result.exit_code == 0


def test_the_table_of_commands_is_all_there_are(readme):
    named = {row[0].strip("`").removeprefix("dicom-qr-gateway ") for row in commands(readme)}
    assert named == set(main.commands)


def commands(readme):
    return [row for row in readme.table("On the command line") if len(row) == 2]


def test_the_table_of_endpoints_is_the_url_map(readme, app):
    printed = {(method, path.strip("`")) for method, path, _ in readme.table("Endpoints")}
    served = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert printed == served


def test_the_table_of_fields_is_the_schema(readme):
    printed = {row[0].strip("`"): row[2] for row in readme.table("Fields of a request")}
    fields = RetrieveSchema().fields
    either = {"pacs": "or the next four", **dict.fromkeys(ADDRESS, "or `pacs`")}
    assert {name: given for name, given in printed.items() if name in either} == either
    for name in printed.keys() - either:
        assert (printed[name] != "no") == fields[name].required
    assert list(printed) == [name for name in printed if name in fields]
    assert set(printed) == set(fields)


def test_the_table_of_status_codes_is_the_table_of_errors(readme):
    printed = {
        int(code): set(re.findall(r"`(\w+)`", values))
        for code, _, values in readme.table("Status codes and `error` values")
    }
    raised = {status: set() for status in STATUS.values()}
    for outcome in outcomes():
        raised[status_of(outcome)].add(outcome.error)
    assert printed == {200: set(), 207: set(), **raised}


def test_the_six_variables_of_the_contract_are_named_with_their_defaults(readme):
    printed = {
        name.strip("`"): default.strip("`") for name, default, _ in readme.table("Configuration")
    }
    options = {option.name: option.default for option in OPTIONS}
    assert printed == {name: options[name] for name in CONTRACT_VARIABLES}


def test_the_container_listens_where_the_readme_publishes_it(readme, root):
    [run] = [line for line in readme.shell_lines() if line.startswith("docker run")]
    [build] = [line for line in readme.shell_lines() if line.startswith("docker build")]
    dockerfile = (root / "Dockerfile").read_text("utf-8")
    assert run.split()[-1] == build.split()[3]
    assert f"-p {GATEWAY}:8080" in run
    assert "BIND=0.0.0.0:8080" in dockerfile
