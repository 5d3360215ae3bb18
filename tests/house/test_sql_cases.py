"""Every relation does what its given / expect cases say, and every relation has cases."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

import sql_cases
from segmenter.engine import DuckDBEngine, relations


@pytest.fixture(scope="module")
def spill(tmp_path_factory):
    return tmp_path_factory.mktemp("spill")


@pytest.mark.parametrize("case", list(sql_cases.cases()), ids=lambda case: case.name)
def test_case(case, spill):
    with DuckDBEngine(spill, None) as engine:
        expected, found, columns = sql_cases.run(engine, case)
    assert found == expected, (
        f"{case.file.name}, {case.text['case']}: of {columns}, missing {expected - found}, "
        f"unexpected {found - expected}"
    )


def test_every_relation_has_cases():
    assert sorted(relations.paths().keys() - sql_cases.files().keys()) == []


def test_every_case_file_has_a_relation():
    assert sorted(sql_cases.files().keys() - relations.paths().keys()) == []


def test_tokens_say_what_the_parsed_text_says():
    for name in relations.paths():
        whole, tokens = relations.tree(name), relations.tokens(name)
        own = {cte.alias for cte in whole.find_all(exp.CTE)}
        tables = {
            table.name
            for table in whole.find_all(exp.Table)
            if isinstance(table.this, exp.Identifier)
        }
        places = relations.places(tokens)
        assert {tokens[place] for place in places} == tables - own, name
        again = sqlglot.parse_one(" ".join(tokens), dialect="duckdb")
        assert again.sql("duckdb", comments=False) == whole.sql("duckdb", comments=False), name
