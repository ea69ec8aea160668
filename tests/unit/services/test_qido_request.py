"""A query string is understood in full, or refused with the names of what was not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_qr_gateway.errors import InvalidRequest
from dicom_qr_gateway.services.qido_attributes import Level, everything, level_of, returned, tag
from dicom_qr_gateway.services.qido_options import NOT_MULTIPLE
from dicom_qr_gateway.services.qido_request import MAX_PARAMETERS, Search, read_search

PATIENT_NAME, PATIENT_ID, STUDY_UID = 0x00100010, 0x00100020, 0x0020000D
SERIES_UID, MODALITY = 0x0020000E, 0x00080060
REQUEST_ATTRIBUTES, SCHEDULED_STEP_ID = 0x00400275, 0x00400009


def read(*parameters: tuple[str, str], level: Level = Level.STUDIES, **path: str) -> Search:
    return read_search(level, path, parameters)


def refused(*parameters: tuple[str, str], level: Level = Level.STUDIES) -> dict[str, list[str]]:
    with pytest.raises(InvalidRequest) as caught:
        read(*parameters, level=level)
    errors: dict[str, list[str]] = caught.value.extra["errors"]
    return errors


def test_a_search_without_parameters_asks_for_nothing_and_includes_what_the_standard_demands() -> (
    None
):
    search = read()
    assert (search.asked, search.limit, search.offset) == ({}, None, 0)
    assert search.included == returned(Level.STUDIES)
    assert not search.fuzzy_matching
    assert not search.partial


@pytest.mark.parametrize("name", ["PatientName", "00100010"])
def test_an_attribute_is_named_by_keyword_or_tag(name: str) -> None:
    assert read((name, "DOE*")).asked == {PATIENT_NAME: "DOE*"}


def test_a_tag_may_be_written_in_small_letters() -> None:
    assert read(("0020000d", "1.2")).asked == {STUDY_UID: "1.2"}


@pytest.mark.parametrize(
    "name",
    ["00400275.00400009", "RequestAttributesSequence.ScheduledProcedureStepID"],
)
def test_a_path_leads_into_a_sequence(name: str) -> None:
    search = read((name, "S1"), level=Level.SERIES, StudyInstanceUID="1.2")
    assert search.asked == {STUDY_UID: "1.2", REQUEST_ATTRIBUTES: {SCHEDULED_STEP_ID: "S1"}}


def test_worklist_keys_of_one_item_stay_together() -> None:
    search = read(
        ("ScheduledProcedureStepSequence.ScheduledStationAETitle", "CT1"),
        ("00400100.00400002", "20240101"),
        level=Level.WORKLIST,
    )
    assert search.asked == {0x00400100: {0x00400001: "CT1", 0x00400002: "20240101"}}


def test_the_path_is_asked_for() -> None:
    search = read(level=Level.INSTANCES, StudyInstanceUID="1.2", SeriesInstanceUID="1.3")
    assert search.asked == {STUDY_UID: "1.2", SERIES_UID: "1.3"}
    assert PATIENT_NAME not in search.included
    assert {STUDY_UID, SERIES_UID} <= set(search.included)


def test_attributes_of_levels_that_the_path_does_not_name_are_part_of_the_answer() -> None:
    assert {PATIENT_NAME, SERIES_UID, MODALITY} <= set(read(level=Level.INSTANCES).included)
    of_a_study = read(level=Level.INSTANCES, StudyInstanceUID="1.2")
    assert {MODALITY} <= set(of_a_study.included)
    assert PATIENT_NAME not in of_a_study.included


@pytest.mark.parametrize("level", [Level.SERIES, Level.INSTANCES])
def test_a_study_in_the_query_string_leaves_its_attributes_in_the_answer(level: Level) -> None:
    of_query = read(("StudyInstanceUID", "1.2"), level=level)
    assert of_query.included == read(level=level).included
    assert PATIENT_NAME in of_query.included


@pytest.mark.parametrize("value", ["", "*", "**"])
def test_a_key_that_matches_everything_is_included_only(value: str) -> None:
    search = read(("StudyDescription", value))
    assert (search.asked, search.included[0x00081030]) == ({}, "")


def test_included_fields_come_repeated_in_lists_and_all_at_once() -> None:
    search = read(("includefield", "StudyDescription,00081050"), ("includefield", "00081032"))
    assert {0x00081030, 0x00081050, 0x00081032} <= set(search.included)
    assert read(("includefield", "all")).included == everything(Level.STUDIES)
    search = read(("includefield", "all,00080005"))
    assert search.included == {**everything(Level.STUDIES), 0x00080005: ""}


def test_options_are_read() -> None:
    search = read(("limit", "10"), ("offset", "20"), ("fuzzymatching", "True"), ("partial", "true"))
    assert (search.limit, search.offset) == (10, 20)
    assert search.fuzzy_matching
    assert search.partial


def test_a_page_may_have_no_rows() -> None:
    assert read(("limit", "0")).limit == 0


@pytest.mark.parametrize("value", ["utf-8", "UTF-8", "iso-8859-1;q=0.5, utf-8", "*"])
def test_answers_are_in_the_charset_that_was_asked_for(value: str) -> None:
    assert read(("charset", value)) == read()


def test_several_values_of_a_text_are_said_not_to_be_matched() -> None:
    assert read(("multiplevaluematching", "false")) == read()
    assert read(("multiplevaluematching", "true")).warnings == (NOT_MULTIPLE,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("StudyDate", "20300101-20261125"),
        ("StudyTime", "1200-1100"),
        ("StudyTime", "11-1059"),
        ("StudyTime", "101500.5-101500.4"),
        ("ProcedureCodeSequence.00080020", "20300101-20261125"),
    ],
)
def test_a_range_that_ends_before_it_begins_has_nothing_in_it(name: str, value: str) -> None:
    search = read((name, value))
    assert search.is_empty
    assert search.warnings == (f"The range of {name} ends before it begins: nothing is in it.",)
    assert not read(("StudyDate", "20261125-20300101")).is_empty


@pytest.mark.parametrize("value", ["1030-10", "101500.000000-101500", "101500.5-1015", "10-10"])
def test_a_range_lasts_until_the_end_of_what_its_end_says(value: str) -> None:
    assert not read(("StudyTime", value)).is_empty


def test_a_range_of_one_moment_has_no_spaces_around_its_hyphen() -> None:
    asked = read(("StudyDate", "20261125 - 20261125"), ("StudyTime", "1030 - 1030")).asked
    assert list(asked.values()) == ["20261125-20261125", "1030-1030"]


def test_what_the_path_names_is_not_demanded_of_each_row() -> None:
    of_a_study = read(level=Level.SERIES, StudyInstanceUID="1.2").demanded
    assert MODALITY in of_a_study
    assert PATIENT_NAME not in of_a_study
    assert PATIENT_NAME in read(level=Level.SERIES).demanded
    assert read(("includefield", "all"), level=Level.SERIES).demanded >= of_a_study


def test_uids_are_listed_by_commas_or_backslashes() -> None:
    assert read(("StudyInstanceUID", "1.2,1.3\\1.4")).asked == {STUDY_UID: "1.2\\1.3\\1.4"}
    assert read(("ModalitiesInStudy", "CT,MR")).asked == {0x00080061: "CT\\MR"}


def test_no_value_is_asked_for_by_two_quotation_marks_where_that_is_said() -> None:
    parameters = [("StudyDescription", '""'), ("emptyvaluematching", "true")]
    assert read(*parameters).asked == {0x00081030: '""'}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", ""),
        ("limit", "1" * 10),
        ("limit", "١"),
        ("offset", "-1"),
        ("fuzzymatching", "yes"),
        ("partial", ""),
        ("multiplevaluematching", "1"),
        ("charset", "iso-8859-1"),
        ("charset", ""),
        ("includefield", ""),
        ("includefield", "NoSuchAttribute"),
        ("includefield", "StudyDate,,StudyTime"),
        ("includefield", "00090001"),
        ("includefield", "00090100"),
        ("includefield", "FFFF1001"),
        ("includefield", "FFFEE000"),
        ("includefield", "Item"),
        ("includefield", "StudyDate,"),
        ("includefield", "00080FFF.Garbage"),
        ("includefield", "OverlayRows.PatientID"),
        ("NoSuchAttribute", "1"),
        ("patientname", "DOE"),
        ("Limit", "1"),
        ("", ""),
        ("00091001", "x"),
        ("00080000", "x"),
        ("00020010", "1.2"),
        ("QueryRetrieveLevel", "STUDY"),
        ("SpecificCharacterSet", "ISO_IR 100"),
        ("PatientName.PatientID", "1"),
        ("00400275", "x"),
        ("RequestAttributesSequence.", "x"),
        (".".join(["00400275"] * 9), ""),
        ("PixelData", "x"),
        ("RedPaletteColorLookupTableData", "x"),
        ("OverlayRows", "512"),
        ("00080FFF", "x"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_name(name: str, value: str) -> None:
    assert list(refused((name, value))) == [name]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("PatientID", "1"), ("PatientID", "1")),
        (("PatientID", "1"), ("00100020", "2")),
        (("PatientID", ""), ("00100020", "2")),
        (("limit", "1"), ("limit", "1")),
    ],
)
def test_what_is_said_twice_is_refused(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert list(refused(first, second)) == [second[0]]


def test_a_uid_of_the_path_may_be_said_again_but_not_contradicted() -> None:
    again, other = ("StudyInstanceUID", "1.2"), ("StudyInstanceUID", "1.3")
    assert read(again, level=Level.SERIES, StudyInstanceUID="1.2").asked == {STUDY_UID: "1.2"}
    with pytest.raises(InvalidRequest):
        read(other, level=Level.SERIES, StudyInstanceUID="1.2")


@pytest.mark.parametrize("uid", ["1.2,1.3", "1.2\\1.3", "abc", "1." * 40, ""])
def test_a_path_names_one_uid(uid: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(level=Level.SERIES, StudyInstanceUID=uid)
    assert list(caught.value.extra["errors"]) == ["StudyInstanceUID"]


@pytest.mark.parametrize(
    ("level", "name"),
    [
        (Level.STUDIES, "Modality"),
        (Level.STUDIES, "SeriesInstanceUID"),
        (Level.STUDIES, "SOPInstanceUID"),
        (Level.SERIES, "InstanceNumber"),
    ],
)
def test_a_key_of_a_level_below_is_refused(level: Level, name: str) -> None:
    errors = refused((name, "1"), level=level)
    assert "belongs to" in errors[name][0]


@pytest.mark.parametrize(
    ("level", "name"),
    [(Level.STUDIES, "00080060"), (Level.STUDIES, "Rows"), (Level.SERIES, "SOPInstanceUID")],
)
def test_what_a_level_below_has_is_left_out_and_said_to_be(level: Level, name: str) -> None:
    for parameter in (("includefield", f"StudyDescription,{name}"), (name, "")):
        search = read(parameter, level=level)
        assert search.included.keys() - {0x00081030} == read(level=level).included.keys()
        [warning] = search.warnings
        assert warning.startswith(f"{name} belongs to ")


def test_a_refused_field_is_named_among_others() -> None:
    errors = refused(("includefield", "00081030,foo,PatientID,Bar"))["includefield"]
    assert [error.partition(":")[0] for error in errors] == ['"foo"', '"Bar"']


BULK_DATA = "Bulk data cannot be asked for in a search."
REPEATS = "The attribute repeats: name one by eight hexadecimal digits."
NOT_SEARCHED = "The attribute is not one of what is searched."


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("PixelData", BULK_DATA),
        ("7FE00008", BULK_DATA),
        ("60003000", BULK_DATA),
        ("EncapsulatedDocument", BULK_DATA),
        ("RedPaletteColorLookupTableData", BULK_DATA),
        ("OverlayRows", REPEATS),
        ("CurveData", REPEATS),
        ("00080FFF", "The standard has no such attribute."),
        ("QueryRetrieveLevel", NOT_SEARCHED),
        ("00020010", NOT_SEARCHED),
        ("00080000", NOT_SEARCHED),
    ],
)
def test_an_attribute_that_cannot_be_asked_for_is_left_out_and_said_to_be(
    name: str, reason: str
) -> None:
    for parameter in (("includefield", f"00081030,{name}"), (name, "")):
        search = read(parameter, level=Level.INSTANCES)
        plain = read(level=Level.INSTANCES).included
        assert search.included.keys() - {0x00081030} == plain.keys()
        assert search.warnings == (f"Left out: {name}. {reason}",)


def test_what_is_left_out_for_one_reason_is_said_at_once() -> None:
    search = read(("includefield", "PixelData,OverlayRows,60003000,PixelData"), ("00080FFF", ""))
    assert search.warnings == (
        f"Left out: PixelData, 60003000. {BULK_DATA}",
        f"Left out: OverlayRows. {REPEATS}",
        "Left out: 00080FFF. The standard has no such attribute.",
    )


def test_one_of_a_repeating_group_is_asked_for_by_its_tag() -> None:
    search = read(("includefield", "60000010"), ("60020011", "512"), level=Level.INSTANCES)
    assert search.included[0x60000010] == ""
    assert (search.asked, search.warnings) == ({0x60020011: "512"}, ())


# --- Private attributes -------------------------------------------------------------------------

CREATOR, ELEMENT = 0x00290010, 0x00291001
NO_CREATOR = "The attribute is private: give its private creator 00290010 too."


@pytest.mark.parametrize("names", [("00290010", "00291001"), ("00291001", "00290010")])
def test_private_attributes_are_asked_for_beside_their_creator(names: tuple[str, str]) -> None:
    parameters = [(name, {"00290010": "QIDOKIT", "00291001": "secret"}[name]) for name in names]
    search = read(("includefield", "00291002"), *parameters, level=Level.INSTANCES)
    assert search.asked == {CREATOR: "QIDOKIT", ELEMENT: "secret"}
    assert search.included[0x00291002] == ""
    assert search.warnings == ()


def test_a_private_creator_may_be_asked_for_alone() -> None:
    search = read(("includefield", "00290010"), level=Level.INSTANCES)
    assert search.included[CREATOR] == ""


def test_a_private_attribute_in_a_sequence_has_its_creator_there() -> None:
    element, creator = ("00400275.00291001", "x"), ("00400275.00290010", "QIDOKIT")
    search = read(element, creator, level=Level.SERIES)
    assert search.asked == {REQUEST_ATTRIBUTES: {CREATOR: "QIDOKIT", ELEMENT: "x"}}
    errors = refused(element, ("00290010", "QIDOKIT"), level=Level.SERIES)
    assert "00400275.00290010" in errors["00400275.00291001"][0]


@pytest.mark.parametrize(
    "others",
    [
        [],
        [("00290011", "QIDOKIT")],
        [("00090010", "QIDOKIT")],
        [("00290010", "")],
        [("includefield", "00290010")],
        [("00290010", '""'), ("emptyvaluematching", "true")],
    ],
)
def test_a_private_attribute_without_its_creator_says_what_is_missing(
    others: list[tuple[str, str]],
) -> None:
    errors = refused(("00291001", "secret"), *others, level=Level.INSTANCES)
    assert errors == {"00291001": [NO_CREATOR]}
    for parameter in (("includefield", "00291001"), ("00291001", "")):
        search = read(parameter, *others, level=Level.INSTANCES)
        assert search.warnings == (f"Left out: 00291001. {NO_CREATOR}",)
        assert ELEMENT not in search.included


def test_the_value_of_a_known_private_attribute_is_checked_by_its_vr() -> None:
    gems = ("00190010", "GEMS_ACQU_01")
    assert read(gems, ("00191002", "512"), level=Level.INSTANCES).asked[0x00191002] == "512"
    errors = refused(gems, ("00191002", "many"), level=Level.INSTANCES)
    assert errors == {"00191002": ["A value of VR SL is a number in its range."]}


def test_private_bulk_data_is_left_out_where_it_is_known_to_be() -> None:
    creator = ("00290010", "SIEMENS CSA HEADER")
    search = read(creator, ("includefield", "00291010"), level=Level.INSTANCES)
    assert search.warnings == (f"Left out: 00291010. {BULK_DATA}",)


@pytest.mark.parametrize("value", ["*", ""])
def test_an_unknown_private_attribute_that_matches_everything_is_included_only(value: str) -> None:
    search = read(("00290010", "QIDOKIT"), ("00291001", value), level=Level.INSTANCES)
    assert (search.asked, search.included[ELEMENT]) == ({CREATOR: "QIDOKIT"}, "")


@pytest.mark.parametrize("name", ["PatientName", "StudyDescription", "Modality", "InstitutionName"])
def test_a_key_of_a_level_above_or_of_several_is_accepted(name: str) -> None:
    assert read((name, "CT"), level=Level.INSTANCES).asked == {tag(name): "CT"}


def test_every_error_is_told_at_once() -> None:
    assert set(refused(("limit", "x"), ("PatientBirthDate", "1970"), ("Foo", "1"))) == {
        *("limit", "PatientBirthDate", "Foo"),
    }


def test_there_is_an_end_to_parameters() -> None:
    parameters = [("includefield", "StudyDate")] * (MAX_PARAMETERS + 1)
    assert list(refused(*parameters)) == ["query"]
    assert read(*parameters[1:]).asked == {}


def test_levels_of_attributes_are_those_of_the_standard() -> None:
    assert [level_of(each) for each in (PATIENT_NAME, MODALITY, 0x00280010, 0x00080080)] == [
        *(Level.STUDIES, Level.SERIES, Level.INSTANCES, None),
    ]
    assert [level.query_retrieve_level for level in Level] == ["STUDY", "SERIES", "IMAGE", None]


NAMES = st.sampled_from(["PatientName", "limit", "includefield", "00400275.00400009", "StudyDate"])


@given(st.lists(st.tuples(st.one_of(NAMES, st.text(max_size=12)), st.text(max_size=20))))
def test_whatever_is_asked_is_a_search_or_an_invalid_request(
    parameters: list[tuple[str, str]],
) -> None:
    errors: dict[str, list[str]] = {}
    try:
        read(*parameters)
    except InvalidRequest as error:
        errors = error.extra["errors"]
    assert {*errors} <= {name for name, _ in parameters}
