"""`segmenter`, and `python -m segmenter`: the command line.

Ctrl-C is quiet from the first moment on, before much is imported.
"""

import os
import signal
from types import FrameType
from typing import NoReturn


def _quit(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Nothing was begun yet."""
    os.write(2, b"segmenter: error: cancelled\n")
    os._exit(130)


def main() -> NoReturn:
    """Run the program and end the process with its exit status."""
    signal.signal(signal.SIGINT, _quit)
    from segmenter.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
