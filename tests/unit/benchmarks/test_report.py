"""The page that the bench writes, and the lines of JSON."""

import json
from xml.etree import ElementTree

import pytest

from benchmarks.common.figures import Figure, Row
from benchmarks.performance.plot import plot
from benchmarks.performance.report import Report
from benchmarks.performance.samples import Samples, Series

SERIES = Series(
    "one match", "ms", {"`ours`": Samples.of([2, 4, 6]), "theirs <slow>": Samples.of([20, 40, 60])}
)


def a_row(number, title="a title"):
    return Row(number, title, f"What row {number} means.", lambda _bench: iter(()))


def a_figure(passed=True):
    return Figure("some work", "≥ 2 ×", "3 ×", passed)


@pytest.fixture
def written(tmp_path):
    """Write results to a page, which keeps what it has of other rows; return its text."""

    def write(results, is_whole=True):
        report = Report()
        for number, found in results.items():
            report.add(a_row(number), found)
        report.write(
            is_whole=is_whole, document=tmp_path / "page.md", picture=tmp_path / "picture.svg"
        )
        return (tmp_path / "page.md").read_text("utf-8")

    return write


def test_the_page_has_every_figure_with_target_and_verdict(written):
    assert "| 1 | some work | ≥ 2 × | 3 × | pass |\n" in written({"1": [SERIES, a_figure()]})


def test_a_figure_that_misses_its_target_is_written_and_counted(written):
    page = written({"1": [SERIES, a_figure(passed=False), a_figure()]})
    assert "| **FAIL** |" in page
    assert "Figures that miss their target: 1." in page


def test_the_page_says_so_when_every_target_is_met(written):
    assert "Every target is met." in written({"1": [SERIES, a_figure()]})


def test_a_series_is_a_table_with_ratios_to_its_first_alternative(written):
    page = written({"1": [SERIES]})
    assert "| `ours` | 4 | 3 to 5 | 5.96 |  |\n" in page
    assert "| theirs <slow> | 40 | 30 to 50 | 59.6 | 10 (10 to 10) |\n" in page


def test_rows_come_in_the_order_of_their_numbers(written):
    page = written({"10": [a_figure()], "2": [a_figure()]})
    assert page.index("| 2 |") < page.index("| 10 |")
    assert page.index("## Row 2,") < page.index("## Row 10,")


def test_a_row_that_was_not_run_keeps_what_the_page_says_of_it(written):
    before = written({"2": [SERIES, a_figure()], "3": [a_figure()]})
    after = written({"3": [a_figure(passed=False)]}, is_whole=False)
    kept = before[before.index("## Row 2,") : before.index("## Row 3,")]
    assert kept in after
    assert "| 2 | some work | ≥ 2 × | 3 × | pass |\n" in after
    assert "| 3 | some work | ≥ 2 × | 3 × | **FAIL** |\n" in after
    assert after.count("## Row 3,") == 1


def test_a_part_that_is_run_alone_keeps_day_and_machine(written, tmp_path):
    page = written({"2": [a_figure()]})
    assert "\nVersions: " in page
    (tmp_path / "page.md").write_text(page.replace("Measured on 2", "Measured on the first day, 2"))
    assert "Measured on the first day" in written({"2": [a_figure()]}, is_whole=False)
    assert "Measured on the first day" not in written({"2": [a_figure()]}, is_whole=True)


def test_the_picture_is_drawn_with_the_row_it_shows(written, tmp_path):
    written({"2": [a_figure()]})
    assert not (tmp_path / "picture.svg").exists()
    written({"1": [SERIES]})
    assert (tmp_path / "picture.svg").exists()


def test_misses_are_counted_over_all_rows():
    report = Report()
    report.add(a_row("1"), [a_figure(passed=False), a_figure(passed=None), SERIES])
    report.add(a_row("2"), [a_figure(passed=False), a_figure()])
    assert report.misses == 2


def test_every_raw_value_is_a_line_of_json(tmp_path):
    report = Report()
    report.add(a_row("1"), [SERIES, a_figure()])
    report.write_lines(tmp_path / "bench")
    lines = (tmp_path / "bench" / "row-1.jsonl").read_text("utf-8").splitlines()
    series, figure = map(json.loads, lines)
    assert series["values"] == {"`ours`": [2, 4, 6], "theirs <slow>": [20, 40, 60]}
    assert figure == {
        "row": "1",
        "work": "some work",
        "target": "≥ 2 ×",
        "measured": "3 ×",
        "passed": True,
    }


def test_the_picture_is_xml_with_a_bar_and_a_value_for_each_alternative():
    root = ElementTree.fromstring(plot([SERIES]))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    bars = list(root.iter("{http://www.w3.org/2000/svg}rect"))
    assert len(bars) == 2
    assert {"ours", "theirs <slow>", "4", "40"} <= set(texts)


def test_ten_times_the_time_is_a_decade_on_the_axis():
    root = ElementTree.fromstring(plot([SERIES]))
    short, long = (
        float(each.get("width")) for each in root.iter("{http://www.w3.org/2000/svg}rect")
    )
    lines = [float(each.get("x1")) for each in root.iter("{http://www.w3.org/2000/svg}line")]
    assert long - short == pytest.approx(lines[1] - lines[0], abs=0.2)
