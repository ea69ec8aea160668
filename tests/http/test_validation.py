"""The contract's validation rules, field by field; nothing is asked before all of them hold."""

import pytest

from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.services.query import StudyQuery
from dicom_qr_gateway.services.retrieve import StudyRetrieve

REQUIRED = ["pacs_ip", "pacs_port", "pacs_ae_title", "c_find_ae_title", "patient_id"]
OPTIONAL = ["modalities", "max_years_old", "max_results"]
AE_TITLES = ["pacs_ae_title", "c_find_ae_title", "c_move_ae_title"]
WRONG_TYPES = {
    "pacs_ip": [1, True, [], {}, 1.5],
    "pacs_port": ["104", True, False, 104.0, [], {}],
    "pacs_ae_title": [1, True, [], {}],
    "c_find_ae_title": [1, True, [], {}],
    "patient_id": [1112223333, True, [], {}],
    "modalities": ["CT", 1, True, {}, {"0": "CT"}],
    "max_years_old": ["1", True, 1.0, []],
    "max_results": ["1", True, 1.0, []],
}


def refused(response, field):
    assert response.status_code == 400
    assert response.json["error"] == "invalid_request"
    assert list(response.json["errors"]) == [field]
    sentences = response.json["errors"][field]
    assert sentences
    assert all(isinstance(sentence, str) and sentence for sentence in sentences)
    return sentences


def test_a_valid_body_reaches_the_service_as_a_study_query(client, queries):
    client.q(modalities=["ct", " MR "], max_years_old=200, max_results=1000)

    assert queries.asked == [
        StudyQuery(
            pacs=ApplicationEntity("192.0.2.1", 104, "PACS"),
            calling_ae_title="GATEWAY",
            patient_id="1112223333",
            modalities=("CT", "MR"),
            max_years_old=200,
            max_results=1000,
        )
    ]


def test_a_valid_retrieve_reaches_the_service_with_its_move_destination(client, retrieves):
    client.qr(c_move_ae_title=" WORKSTATION ")

    [asked] = retrieves.asked
    assert isinstance(asked, StudyRetrieve)
    assert asked.move_destination == "WORKSTATION"
    assert asked.query.patient_id == "1112223333"


@pytest.mark.parametrize("field", REQUIRED)
@pytest.mark.parametrize("value", [..., None])
def test_a_required_field_must_be_there_and_not_null(client, queries, field, value):
    refused(client.q(**{field: value}), field)

    assert queries.asked == []


@pytest.mark.parametrize("value", [..., None])
def test_the_move_destination_is_required_by_qr_and_unknown_to_q(client, retrieves, value):
    refused(client.qr(c_move_ae_title=value), "c_move_ae_title")
    refused(client.q(c_move_ae_title="WS"), "c_move_ae_title")

    assert retrieves.asked == []


@pytest.mark.parametrize("field", OPTIONAL)
def test_null_for_an_optional_field_means_absent(client, queries, field):
    assert client.q(**{field: None}).status_code == 200

    [query] = queries.asked
    assert not getattr(query, field)


def test_no_modalities_means_absent(client, queries):
    client.q(modalities=[])

    assert queries.asked[0].modalities == ()


@pytest.mark.parametrize("name", ["patient", "", "Pacs_ip", "pacs_ip ", "body", "_schema", "é"])
def test_an_unknown_field_is_refused_by_name(client, queries, name):
    assert refused(client.q(**{name: 1}), name) == ["Unknown field."]
    assert queries.asked == []


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, all_ in WRONG_TYPES.items() for value in all_]
)
def test_a_wrong_type_is_refused_under_its_field(client, queries, field, value):
    refused(client.q(**{field: value}), field)

    assert queries.asked == []


def test_every_broken_rule_is_reported_at_once(client):
    response = client.q(pacs_ip="127.1", pacs_port=0, patient_id="*", more=1)

    assert set(response.json["errors"]) == {"pacs_ip", "pacs_port", "patient_id", "more"}


@pytest.mark.parametrize("field", AE_TITLES)
@pytest.mark.parametrize(
    "title",
    ["", " ", " " * 16, "A" * 17, "A\\B", "A\tB", "\x00", "A\x7f", "É", "\ud800", "ＡＥ", "A\n"],
)
def test_an_ae_title_that_is_none_is_refused(client, retrieves, field, title):
    refused(client.qr(**{field: title}), field)

    assert retrieves.asked == []


@pytest.mark.parametrize(
    ("title", "significant"),
    [("A", "A"), ("A" * 16, "A" * 16), ("  MY PACS  ", "MY PACS"), ("~!^*?", "~!^*?"),
     (" " * 9 + "A" * 16, "A" * 16)],
)  # fmt: skip
def test_the_length_of_an_ae_title_counts_without_its_surrounding_spaces(
    client, queries, title, significant
):
    assert client.q(pacs_ae_title=title).status_code == 200

    assert queries.asked[0].pacs.ae_title == significant


@pytest.mark.parametrize(
    "host",
    ["10.1.2.3", "255.255.255.255", "::1", "::", "2001:DB8::1", "::ffff:192.0.2.1",
     "1:2:3:4:5:6:7:8", "64:ff9b::192.0.2.1", "localhost", "pacs", "PACS.Hospital.example",
     "1.pacs", "3com.example",
     "a-b", "x" * 63, ".".join(["x" * 63] * 3 + ["y" * 61]), "0x7f.com", "10.0.0.1.example", "x1"],
)  # fmt: skip
def test_an_address_or_host_name_is_accepted_as_it_is(client, queries, host):
    assert client.q(pacs_ip=host).status_code == 200

    assert queries.asked[0].pacs.host == host


@pytest.mark.parametrize(
    "host",
    ["", " ", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0x7f000001", "0x", "256.0.0.1",
     "1.2.3.4.5", "1.2.3.04", "1.2.3.", "1.2.3.4.", "pacs.", "pacs..example", ".pacs", "-pacs",
     "pacs-", "a_b", "x" * 64, ".".join(["x" * 63] * 4), "pacs.0x1F", "pacs.7", "fe80::1%eth0",
     "::1%1", "[::1]", "::1::", "1:2:3", "12345::", "::ffff:192.0.2", "pacs\x00", "pacs\n",
     " pacs", "10.0.0.1 ", "http://pacs", "pacs:104", "pacs/x", "bücher.example", "１.２.３.４",
     "\ud800", "a@b", "::ffff:0x7f.1"],
)  # fmt: skip
def test_what_is_no_address_and_no_host_name_is_refused(client, queries, host):
    refused(client.q(pacs_ip=host), "pacs_ip")

    assert queries.asked == []


@pytest.mark.parametrize("port", [1, 104, 11112, 65535])
def test_every_tcp_port_is_accepted(client, queries, port):
    assert client.q(pacs_port=port).status_code == 200

    assert queries.asked[0].pacs.port == port


@pytest.mark.parametrize(
    ("field", "value"),
    [("pacs_port", 0), ("pacs_port", 65536), ("pacs_port", -1), ("max_years_old", 0),
     ("max_years_old", 201), ("max_results", 0), ("max_results", 1001)],
)  # fmt: skip
def test_an_integer_out_of_range_is_refused(client, field, value):
    [sentence] = refused(client.q(**{field: value}), field)

    assert sentence.startswith("Give an integer from 1 to ")


@pytest.mark.parametrize(
    "patient_id",
    ["", " ", " " * 64, "\u3000", "1" * 65, "12*", "1?", "1\\2", "1\n", "\x00", "1\x1b$B", "1\x7f",
     "1\x85", "1\x9f", "\ud800", "1\udfff"],
)  # fmt: skip
def test_what_is_no_exact_patient_id_is_refused(client, queries, patient_id):
    refused(client.q(patient_id=patient_id), "patient_id")

    assert queries.asked == []


@pytest.mark.parametrize(
    "patient_id",
    ["1", "1" * 64, " 1 ", "a^b=c", "山田", "é" * 64, "😀", "x'; --", '"', "<b>", "%_"],
)
def test_a_patient_id_comes_back_as_it_was_sent(client, queries, patient_id):
    response = client.q(patient_id=patient_id)

    assert response.json["patient_id"] == patient_id
    assert queries.asked[0].patient_id == patient_id


@pytest.mark.parametrize(
    "modality", ["", " ", "C" * 17, "C-T", "C*", "CT\\MR", "ß", "ı", "É", None, 1, ["CT"], "CT\n"]
)
def test_an_item_that_is_no_code_string_is_refused_under_the_field(client, queries, modality):
    [sentence] = refused(client.q(modalities=["MR", modality]), "modalities")

    assert sentence.startswith("Item 2: ")
    assert queries.asked == []


@pytest.mark.parametrize("twice", [["CT", "CT"], ["ct", "CT"], ["CT", "MR", "CT "]])
def test_modalities_that_are_the_same_after_upper_casing_are_refused(client, twice):
    assert refused(client.q(modalities=twice), "modalities") == ["Given more than once: CT."]


def test_code_strings_keep_their_inner_spaces_digits_and_underscores(client, queries):
    client.q(modalities=["x_1 2", "A" * 16])

    assert queries.asked[0].modalities == ("X_1 2", "A" * 16)
