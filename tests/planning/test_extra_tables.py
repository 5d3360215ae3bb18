"""Extra tables of a job: measured with its segments, in the families that may read them, and in no
other (P14).
"""

from __future__ import annotations

import pytest

import segmenter
from segmenter.errors import PolicyError, UsageError
from worlds import plain_project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = plain_project(tmp_path_factory.mktemp("extra"))
    with segmenter.open(root) as session:
        session.ingest()
    return root


def test_p14_a_table_is_paid_with_its_family_and_shows_its_cells(project):
    with segmenter.open(project) as session:
        planned = session.plan(["women"], tables=["sex"])
        report = session.run(["women"], tables=["sex"])
        (table,) = report.to_dict()["tables"]
        assert planned.to_dict()["epsilon"] == report.to_dict()["spent"] > 0
        assert table["segment"] == "sex of women"
        assert [cell["sex"] for cell in table["cells"]] == [
            *session.policy.dimensions["sex"].labels
        ]
        assert session.run(["women"], tables=["sex"]).spent == 0


def test_p14_a_table_that_no_segment_may_read_is_refused_before_anything(project):
    with segmenter.open(project) as session:
        others = [
            d.name
            for d in session.policy.dimensions.values()
            if d.category != "identity" and d.per_patient
        ]
        for name in others:
            with pytest.raises(PolicyError, match="no segment of the job") as refused:
                session.run(["women"], tables=[name])
            assert refused.value.rule == "C14"
        with pytest.raises(UsageError, match="not declared"):
            session.run(["women"], tables=["sexx"])
