"""The tree of errors, and what each means for the caller.

    SegmenterError                 exit 1   our own failure
    +-- UsageError                 exit 2   a file, an argument or a name is wrong
    |   +-- FileError              exit 2   one file, all its problems at once
    |   +-- ProjectKeyError        exit 2   the project's key is missing or wrong
    |   +-- SourceError            exit 2   a declared source cannot be read
    |   +-- DamagedError           exit 2   a private file is damaged, or another
    +-- Refusal                    exit 3   a rule says no: always with the rule's id
    |   +-- PolicyError            exit 3   purpose, category, channel, topic (C14, L1, L2, S-rules)
    |   +-- BudgetError            exit 3   the ledger says no (P2-P5)
    +-- EngineError                exit 1   the query engine failed; a fixed code, never its message
    +-- OutageError                exit 1   the disk or the server failed; the project is as it was
    +-- Cancelled                  exit 130

No message holds a patient's value or an exact count. DuckDB's own messages hold row values, so they
are never passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, where, what was expected, what to do."""

    message: str
    file: Path | None = None
    line: int | None = None
    hint: str | None = None

    def __str__(self) -> str:
        said = self.message
        if self.hint is not None:
            said = f"{said} ({self.hint})"
        if self.file is None:
            return said
        if self.line is None:
            return f"{self.file}: {said}"
        return f"{self.file}:{self.line}: {said}"

    def to_dict(self) -> dict[str, Any]:
        """The contract's keys."""
        return {
            "message": self.message,
            "file": None if self.file is None else str(self.file),
            "line": self.line,
            "hint": self.hint,
        }


class SegmenterError(Exception):
    """Base of all errors; `code` is stable, `exit_status` is the process's."""

    code = "internal"
    exit_status = 1

    def __init__(
        self,
        message: str,
        *,
        rule: str | None = None,
        file: Path | None = None,
        line: int | None = None,
        hint: str | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        super().__init__(message)
        self.rule = rule
        self.problems = problems or (
            Problem(
                message=message,
                file=file,
                line=line,
                hint=hint,
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """The `error` object of the JSON contract."""
        problems = [problem.to_dict() for problem in self.problems]
        first = problems[0]
        return {
            "code": self.code,
            "rule": self.rule,
            "message": str(self),
            "file": first["file"],
            "line": first["line"],
            "hint": first["hint"],
            "problems": problems,
        }


class UsageError(SegmenterError):
    """An argument, a name or a file is wrong."""

    code = "usage"
    exit_status = 2


class FileError(UsageError):
    """One or more problems of the files a person wrote, all reported at once."""

    code = "file"

    def __init__(self, problems: list[Problem] | tuple[Problem, ...]) -> None:
        lines = [str(problem) for problem in problems]
        super().__init__("\n".join(lines), problems=tuple(problems))


class ProjectKeyError(UsageError):
    """The project's key is missing, unreadable or not the one the project was made with."""

    code = "key"


class SourceError(UsageError):
    """A declared source cannot be read; the previous snapshot stays in use."""

    code = "source"


class DamagedError(UsageError):
    """A file of the private folder is damaged, or not the one that the journal has for its name."""

    code = "damaged"


class Refusal(SegmenterError):
    """A rule refuses. `rule` is the id of the rule in the documents."""

    code = "refused"
    exit_status = 3

    def __init__(self, rule: str, message: str, **place: Any) -> None:
        super().__init__(message, rule=rule, **place)


class PolicyError(Refusal):
    """The policy does not allow what is asked, whatever patients said (C14, L1, L2)."""

    code = "policy"


class BudgetError(Refusal):
    """The ledger refuses: not enough budget, or a ledger that cannot be trusted (P2 to P5)."""

    code = "budget"


class EngineError(SegmenterError):
    """The query engine failed. The message is ours and fixed."""

    code = "engine"


class OutageError(SegmenterError):
    """The disk or the server of the control database failed. The project is as it was before."""

    code = "outage"


class Cancelled(SegmenterError):
    """A person stopped the work; nothing is left behind."""

    code = "cancelled"
    exit_status = 130
