"""Reports: what was released, in files that stand alone, for readers of two languages (P1, P12)."""

from __future__ import annotations

import csv
import io
import json
import math
import re

import numpy as np
import pytest

from counting import DIMENSIONS, fixed, paid, policy, publish, resolved, segment, sizes
from segmenter.budget.accounting import NANO, converted
from segmenter.errors import UsageError
from segmenter.model import Clocks
from segmenter.planning import planner
from segmenter.project.family import Setting
from segmenter.project.policy import Dimension
from segmenter.published.segment_count import read_off
from segmenter.render import report


@pytest.fixture
def counted():
    [one] = resolved(segment("one", "sex in ('F', 'M')"))
    made = publish(("sex",), [1234, 3, 50], noise=fixed(0))
    return read_off(one, made, policy())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_three_files_hold_the_same_table(counted, tmp_path, language):
    files = report.write(tmp_path, counted, "Prévention", language)
    assert {kind: path.suffix for kind, path in files.items()} == {
        "json": ".json",
        "csv": ".csv",
        "html": ".html",
    }
    document = json.loads(files["json"].read_text())
    assert document["matched"]["count"] == 1234
    assert document["made"]["threshold"]["patients"] == 11
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text())))
    assert [(r["sex"], r["count"], r["withheld"]) for r in rows] == [
        ("F", "1234", "false"),
        ("M", "", "true"),
    ]
    page = files["html"].read_text()
    assert {"en": "1,234", "fr": "1\u202f234"}[language] in page
    assert {"en": "withheld", "fr": "non publié"}[language] in page
    assert {"en": "at most 0.01", "fr": "au plus 0,01"}[language] in page
    assert page.count("<dt>") == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in files.values())


def test_a_page_stands_alone_and_runs_nothing(counted):
    page = report.page(counted)
    assert "default-src 'none'" in page
    assert re.search(r"<script|https?://|src=", page) is None


def test_a_withheld_count_is_in_no_file(counted, tmp_path):
    [one] = resolved(segment("one", "sex = 'M'"))
    made = publish(("sex",), [1000, 7, 50], noise=fixed(0))
    files = report.write(tmp_path, read_off(one, made, policy()))
    document = json.loads(files["json"].read_text())
    assert document["cells"] == [{"sex": "M", "count": None, "interval": None, "withheld": True}]
    assert list(csv.reader(io.StringIO(files["csv"].read_text())))[1] == ["M", "", "", "", "true"]


def test_whole_releases_too(tmp_path):
    made = publish(
        ("sex", "age_band"), np.full(sizes("sex", "age_band"), 99), paid(rho=0.5), fixed(0)
    )
    files = report.write(tmp_path, made, language="fr")
    assert len(json.loads(files["json"].read_text())["cells"]) == 21
    page = files["html"].read_text()
    assert "gaussien discret" in page
    assert (
        f"cote supérieure à {math.exp(converted(NANO // 2, 1_000) / NANO):.3g} (sauf une chance "
        "sur un million) fois"
    ) in page


def test_everything_is_escaped():
    bad = "<script>alert(1)</script>"
    odd = Dimension("sex", "identity", "patient", "sex", values={bad: ("F",), "=1+1": ("M",)})
    using = policy(dimensions={"sex": odd})
    made = publish(("sex",), [100, 100, 100], noise=fixed(0), using=using)
    for text in (report.page(made, bad), report.release_html(made.to_dict())):
        assert "<script" not in text
        assert "&lt;script&gt;" in text
    assert "'=1+1,100" in report.table_csv(made.cells(), ("sex",))


def test_long_tables_are_cut_on_the_page_and_whole_in_the_files():
    dimensions = tuple(DIMENSIONS)
    made = publish(dimensions, np.full(sizes(*dimensions), 50), noise=fixed(0))
    page = report.page(made)
    assert page.count("<tr>") < report.MOST_ROWS + 20
    assert "more cells are in the CSV" in page
    assert report.table_csv(made.cells(), dimensions).count("\n") == made.values.size + 1


def test_another_language_is_refused(counted, tmp_path):
    with pytest.raises(UsageError):
        report.write(tmp_path, counted, language="de")


def test_notebooks_show_counts_releases_and_plans(counted):
    assert "1,234" in report.segment_html(counted.to_dict())
    assert "1,234" in report.release_html(counted.release.to_dict())
    for shown in (counted, counted.release):
        assert "1234" in shown._repr_html_()
    nowhere = Setting("", "", Clocks(counted.release.made_at, counted.release.made_at))
    made = planner.plan(
        resolved(segment("one", "sex = 'F'")), policy(), nowhere, lambda _q, _e: None
    )
    assert "one ±" in report.plan_html(made.to_dict())
    assert made.to_polars().height == 1


def test_frames(counted):
    frame = counted.to_polars()
    assert frame.columns == ["sex", "count", "low", "high", "withheld"]
    assert frame["count"].to_list() == [1234, None]
    assert counted.release.to_polars().height == 3


def test_moments_are_in_the_readers_words(counted):
    assert re.search(r"made \d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC", report.page(counted, None, "en"))
    assert re.search(
        r"faite le \d+ [a-zéû]+ \d{4} à \d\d:\d\d UTC", report.page(counted, None, "fr")
    )


def test_a_bar_shows_the_interval_of_its_cell(counted):
    [(low, high)] = [
        cell["interval"] for cell in counted.release.cells(counted.where) if not cell["withheld"]
    ]
    [(sure, perhaps)] = re.findall(
        r'"low" style="width:([\d.]+)%"></div><div class="high" style="width:([\d.]+)%"',
        report.page(counted),
    )
    assert float(sure) == pytest.approx(100 * low / high, abs=0.1)
    assert float(sure) + float(perhaps) == pytest.approx(100, abs=0.2)
