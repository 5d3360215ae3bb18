"""Exact cubes (P7)."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counting import DIMENSIONS, SETTING, paid
from segmenter.engine import DuckDBEngine
from segmenter.errors import EngineError
from segmenter.model import Eligible
from segmenter.project.policy import Dimension
from segmenter.release import cube


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as made:
        yield made


def eligible(engine, frame):
    return Eligible(None, None, SETTING.policy, engine.load(frame))


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(0, 4)), max_size=60))
def test_p7_every_declared_cell_is_counted(engine, people):
    frame = pl.DataFrame(
        people,
        schema={"dim_sex": pl.Int16, "dim_age_band": pl.Int16, "dim_visits": pl.Int16},
        orient="row",
    )
    dimensions = [DIMENSIONS[d] for d in ("sex", "age_band", "visits")]
    found = cube.count(engine, dimensions, eligible(engine, frame), paid())
    expected = np.zeros((3, 7, 5), dtype=int)
    for one in people:
        expected[one] += 1
    assert found.counts.tolist() == expected.ravel().tolist()
    assert found.dimensions == ("sex", "age_band", "visits")


def test_a_cube_without_dimensions_is_one_number(engine):
    assert cube.count(
        engine, [], eligible(engine, pl.DataFrame({"patient": [1, 2, 3]})), paid()
    ).counts.tolist() == [3]


@pytest.mark.parametrize("code", [-1, 3, None])
def test_a_code_outside_the_policy_is_refused(engine, code):
    frame = pl.DataFrame({"dim_sex": pl.Series([0, code], dtype=pl.Int16)})
    with pytest.raises(EngineError):
        cube.count(engine, [DIMENSIONS["sex"]], eligible(engine, frame), paid())


def test_too_many_cells_are_refused(engine):
    wide = [
        Dimension(f"d{n}", "identity", "patient", "x", bands=tuple(range(1, 200))) for n in range(3)
    ]
    with pytest.raises(EngineError):
        cube.count(engine, wide, eligible(engine, pl.DataFrame({"patient": [1]})), paid())


def test_p1_a_cube_shows_no_number_and_cannot_be_changed(engine):
    found = cube.count(engine, [], eligible(engine, pl.DataFrame({"patient": [1] * 7919})), paid())
    assert "7919" not in repr(found)
    with pytest.raises(ValueError):
        found.counts[0] = 0


def test_keys_stand_in_the_order_of_the_counts():
    dimensions = [DIMENSIONS["sex"], DIMENSIONS["payer"]]
    listed = list(cube.keys(dimensions))
    assert listed[0] == {"sex": "F", "payer": "public"}
    assert listed[-1] == {"sex": "unknown", "payer": "unknown"}
    assert len(listed) == cube.cells(dimensions) == 12
