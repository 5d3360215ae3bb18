"""An invented clinic, and the whole job on it: `segmenter demo`.

`run` makes a project folder (policy, sources, segments, data), then does with it what a person
would: ingest, plan, run, export. Nobody in it exists: names are drawn, mail domains and telephone
numbers are those kept for fiction.
"""

from __future__ import annotations

from segmenter.demo.clinic import generate
from segmenter.demo.job import EXPORTS, run
from segmenter.demo.report import DemoReport

__all__ = ["EXPORTS", "DemoReport", "generate", "run"]
