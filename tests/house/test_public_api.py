"""The public names, exactly: whoever adds or removes one says so here."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

import segmenter

NAMES = {
    "segmenter": [
        "AgeingReport",
        "BudgetError",
        "BudgetReport",
        "Cancelled",
        "Discovery",
        "EngineError",
        "Export",
        "Exposed",
        "FileError",
        "Forgotten",
        "HashesExported",
        "Imported",
        "IngestReport",
        "JournalVerified",
        "Listing",
        "OptOutAdded",
        "OptOutLifted",
        "PlanReport",
        "PolicyError",
        "QueryResult",
        "Recalls",
        "Receipt",
        "RecoveryConfirmed",
        "RecoveryReport",
        "Refusal",
        "Reports",
        "Retained",
        "RunReport",
        "SegmenterError",
        "Session",
        "SourceError",
        "Subject",
        "SuppressionSummary",
        "TrialReport",
        "UsageError",
        "VerifiedManifest",
        "WhyReport",
        "open",
    ],
    "segmenter.demo": ["EXPORTS", "DemoReport", "generate", "run"],
}
CHARTS = ["NotebookTable", "budgets", "cells", "funnel", "segments", "svg", "table"]


@pytest.mark.parametrize("name", NAMES)
def test_the_public_names_are_exactly_these(name: str) -> None:
    module = importlib.import_module(name)
    assert list(module.__all__) == NAMES[name]
    assert all(getattr(module, each) is not None for each in module.__all__)


def test_the_charts_are_exactly_these() -> None:
    from segmenter.render import notebook

    own = [
        name
        for name, value in vars(notebook).items()
        if getattr(value, "__module__", "") == notebook.__name__
    ]
    assert sorted(name for name in own if not name.startswith("_") and name != "Result") == CHARTS


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = segmenter.nothing_such


def test_open_gives_a_session_with_documented_verbs() -> None:
    verbs = {
        name: verb
        for name, verb in inspect.getmembers(segmenter.Session, inspect.isfunction)
        if not name.startswith("_")
    }
    assert {"ingest", "plan", "run", "export", "recall", "budget", "query", "why"} <= verbs.keys()
    assert [name for name, verb in verbs.items() if not verb.__doc__] == []


def test_importing_the_package_costs_next_to_nothing() -> None:
    program = (
        "import sys, segmenter; print(len([m for m in sys.modules if m.startswith('segmenter')]))"
    )
    assert (
        int(
            subprocess.run(
                [sys.executable, "-c", program], capture_output=True, check=True, text=True
            ).stdout
        )
        <= 3
    )


def test_every_error_is_in_the_tree_with_a_stable_code_and_an_exit_status() -> None:
    from segmenter import errors

    tree = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, Exception)
    ]
    assert all(issubclass(error, segmenter.SegmenterError) for error in tree)
    assert all(error.exit_status in (1, 2, 3, 130) for error in tree)
    assert all(f"{error.__name__} " in (errors.__doc__ or "") for error in tree)


@pytest.mark.parametrize("name", sorted(segmenter.RESULTS))
def test_a_result_is_a_frozen_value_with_a_document(name: str) -> None:
    result = getattr(segmenter, name)
    assert result.__dataclass_params__.frozen
    assert callable(result.to_dict)


def test_every_verb_answers_a_public_result() -> None:
    """Only what is no answer at all is left out: properties and context managers."""
    told = {}
    for name, verb in inspect.getmembers(segmenter.Session, inspect.isfunction):
        if not name.startswith("_"):
            told[name] = str(inspect.signature(verb).return_annotation)
    assert {verb: made for verb, made in told.items() if made not in segmenter.RESULTS} == {}
