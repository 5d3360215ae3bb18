"""Spills: an engine has a folder of its own, removed at its end; what a killed process left goes
with the next start.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from segmenter.engine import DuckDBEngine

HOLD = """
import sys, time
from pathlib import Path
from segmenter.engine import DuckDBEngine
with DuckDBEngine(Path(sys.argv[1]), None):
    print("started", flush=True)
    time.sleep(600)
"""


def test_a_killed_process_leaves_no_spills_for_long_and_a_living_one_keeps_its_own(tmp_path):
    spill = tmp_path / "spill"
    holds = {
        "env": {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        "stdout": subprocess.PIPE,
    }
    killed, living = (
        subprocess.Popen([sys.executable, "-c", HOLD, str(spill)], **holds) for _ in range(2)
    )
    try:
        for process in (killed, living):
            process.stdout.readline()
        assert len(list(spill.iterdir())) == 2
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        with DuckDBEngine(spill, None):
            assert len(list(spill.iterdir())) == 2
        assert len(list(spill.iterdir())) == 1
    finally:
        for process in (killed, living):
            process.kill()
            process.wait()
            process.stdout.close()
