"""What may go to a destination, and how it is written: minimised columns, neutralised cells, encryption on the way to disk."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.errors import PolicyError, UsageError
from segmenter.nearest import hint
from segmenter.project.policy import CONTACT, HEALTH, PRESCRIBER, UNDECLARED
from segmenter.store.files import create, new_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sqlglot import exp

    from segmenter.engine import DuckDBEngine
    from segmenter.project.policy import Destination, Policy

IDENTIFIERS = ("email", "phone", "postal")
DEFAULT = ("patient_id", "first_name", "language")
UNSUBSCRIBE = "list_unsubscribe"
PIPE = 1 << 20  # bytes that a pipe holds, where the system lets it
BLOCK = 1 << 20  # bytes passed on at a time
FORMATS = {"csv": "FORMAT csv, HEADER", "parquet": "FORMAT parquet"}
AUDIENCES = {  # header names by identifier
    "google-2026": {"email": "Email", "phone": "Phone"},
    "meta": {"email": "email", "phone": "phone"},
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file holds: its columns in order, the channel's identifier, and the data categories they carry."""

    columns: tuple[str, ...]
    identifier: str
    categories: tuple[str, ...]
    audience: str | None = None
    format: str = "csv"

    @property
    def headers(self) -> tuple[str, ...]:
        """The names in the file."""
        return (
            self.columns if self.audience is None else (AUDIENCES[self.audience][self.identifier],)
        )


# -- what may go there -----------------------------------------------------------------------------


def layout(
    policy: Policy,
    tags: Mapping[str, str],
    known: tuple[str, ...],
    destination: Destination,
    purpose: str,
    channel: str,
) -> Layout:
    """The columns that the destination lists and the policy allows for the purpose. Reads no patient.

    `tags` are the patient source's (column -> category), `known` its columns. Raises `PolicyError`
    for a channel or category that the purpose does not list, a sensitive column or a dimension's
    (C14), a prescriber column (L2); `UsageError` for an unknown column, or where nothing is left.
    """
    terms = policy.purposes[purpose]
    if channel not in terms.channels:
        raise PolicyError("C14", f"purpose {purpose} does not list the channel {channel}")
    if CONTACT not in terms.categories:
        raise PolicyError(
            "C14",
            f"purpose {purpose} does not list the category {CONTACT}, so nobody may be contacted for it",
        )
    identifier = policy.channels[channel].identifier
    if destination.profile is not None:
        return _audience(policy, destination, purpose, identifier)
    asked = destination.columns or (identifier, *DEFAULT)
    listed = [name for name in asked if name not in IDENTIFIERS or name == identifier]
    categories = [_category(policy, tags, known, purpose, name) for name in listed]
    if not listed:
        raise UsageError(
            f"destination {destination.name} lists no column that channel {channel} may carry",
            hint=f"list {identifier}",
        )
    return Layout(
        tuple(listed), identifier, tuple(sorted(set(categories))), format=destination.format
    )


def _category(
    policy: Policy, tags: Mapping[str, str], known: tuple[str, ...], purpose: str, name: str
) -> str:
    category = tags.get(name, CONTACT if name in IDENTIFIERS else "identity")
    over = [
        d.name
        for d in policy.dimensions.values()
        if name == d.name or (d.table == "patient" and d.column == name)
    ]
    if category == PRESCRIBER:
        raise PolicyError("L2", f"column {name} is tagged {PRESCRIBER}: it goes nowhere")
    if over:
        raise PolicyError(
            "C14", f"column {name} is a dimension ({over[0]}): dimensions are never exported"
        )
    if name not in known:
        raise UsageError(f"the patient source has no column {name}", hint=hint(name, known))
    if category not in policy.purposes[purpose].categories:
        raise PolicyError(
            "C14", f"column {name} is of category {category}, which purpose {purpose} does not list"
        )
    if policy.sensitivity(category) >= HEALTH:
        raise PolicyError(
            "C14",
            f"column {name} is of category {category}, of sensitivity {HEALTH} or more: it is never exported",
        )
    return category


def _audience(policy: Policy, destination: Destination, purpose: str, identifier: str) -> Layout:
    """An ad platform's layout: one hashed identifier. Hard refusal where the purpose reads health or more."""
    profile = str(destination.profile)
    sensitive = [c for c in policy.purposes[purpose].categories if policy.sensitivity(c) >= HEALTH]
    if sensitive:
        said = f"purpose {purpose} reads {sensitive[0]}, of sensitivity {HEALTH} or more: it never goes to an ad platform ({profile})"
        raise PolicyError("C14", said)
    if profile not in AUDIENCES or identifier not in AUDIENCES[profile]:
        raise UsageError(
            f"destination {destination.name}: profile {profile} takes no {identifier}",
            hint="use a channel of email or phone",
        )
    return Layout((identifier,), identifier, (CONTACT,), profile, destination.format)


def recipient(name: str, encrypt: str | None) -> Any:
    """The `age` recipient of a destination, or None where `encrypt: none` is written out.

    Raises `UsageError` where neither is, or the key is unreadable.
    """
    if encrypt is None:
        return None
    import pyrage

    if encrypt == UNDECLARED:
        said = f"destination {name} has no key to encrypt to"
        raise UsageError(
            said,
            hint="write `encrypt: {age: age1...}`, or `encrypt: none` if the file may lie open",
        )
    try:
        return (pyrage.ssh if encrypt.startswith("ssh-") else pyrage.x25519).Recipient.from_str(
            encrypt
        )
    except pyrage.RecipientError:
        raise UsageError(
            f"the age key of destination {name} cannot be read", hint="it starts with age1"
        ) from None


# -- the columns as SQL ----------------------------------------------------------------------------


def expressions(plan: Layout, *, unsubscribe: bool = False, ids: str = "p") -> list[exp.Expr]:
    """The payload's columns over p (patient) and n (its normalised identifier, where it is not so written), neutralised in CSV.

    With `unsubscribe`, the person's List-Unsubscribe URL (n.unsubscribe_url) is the last one. `ids`
    is the alias that holds patient_id.
    """
    from sqlglot import exp

    pairs = zip(plan.columns, plan.headers, strict=True)
    found: list[exp.Expr] = [
        exp.alias_(_cell(plan, name, ids), header, quoted=True) for name, header in pairs
    ]
    if unsubscribe and plan.audience is None:
        found.append(exp.alias_(exp.column("unsubscribe_url", table="n"), UNSUBSCRIBE, quoted=True))
    return found


def _cell(plan: Layout, name: str, ids: str) -> exp.Expr:
    from sqlglot import exp

    if plan.audience is not None:
        return _audience_cell(plan)
    value: exp.Expr = exp.column(name, table=ids if name == "patient_id" else "p", quoted=True)
    if name == plan.identifier:
        written = exp.func("lower", value) if name == "email" else value
        value = exp.Coalesce(this=exp.column("normal", table="n"), expressions=[written])
        if name == "phone":  # a valid E.164 number in the channel's own column
            return value
    return _neutral(value) if plan.format == "csv" else value


def _audience_cell(plan: Layout) -> exp.Expr:
    """SHA-256 (hex, lower case) of the identifier as the platform normalises it."""
    from sqlglot import exp

    value: exp.Expr = exp.column(
        "coarse" if plan.audience == "google-2026" else "normal", table="n"
    )
    if plan.identifier == "phone" and plan.audience == "meta":
        value = exp.func("replace", value, exp.Literal.string("+"), exp.Literal.string(""))
    return exp.Anonymous(this="sha256", expressions=[value])


def _neutral(value: exp.Expr) -> exp.Expr:
    """A cell that a spreadsheet would take for a formula gets an apostrophe in front."""
    from sqlglot import exp

    risky = [
        exp.StartsWith(this=value.copy(), expression=exp.Literal.string(sign))
        for sign in ("=", "+", "-", "@", "\t", "\r")
    ]
    safe = exp.DPipe(this=exp.Literal.string("'"), expression=value.copy())
    early = exp.LT(
        this=value.copy(), expression=exp.Literal.string("A")
    )  # all of them sort before the letters; most cells do not
    return exp.Case().when(exp.and_(early, exp.or_(*risky)), safe).else_(value.copy())


# -- writing ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sink:
    """A private file that hashes what it is given."""

    path: Path
    digest: Any = field(default_factory=hashlib.sha256)
    failed: BaseException | None = None
    file: Any = None

    def drain(self, source: int, key: Any) -> None:
        """Write everything from a pipe, encrypted to `key` where there is one. Runs in its own thread."""
        try:
            with (
                os.fdopen(source, "rb", buffering=BLOCK) as reader,
                new_file(self.path) as part,
                create(part) as self.file,
            ):
                if key is None:
                    shutil.copyfileobj(reader, self, BLOCK)
                else:
                    import pyrage

                    pyrage.encrypt_io(reader, self, [key])
        except BaseException as error:  # noqa: BLE001  told by the thread that waits
            self.failed = error

    def written(self, thread: threading.Thread) -> str:
        """The SHA-256 of the whole file, once it is on disk. Raises `UsageError` where it could not be written."""
        thread.join()
        if self.failed is not None:
            raise UsageError(
                "the file of the export could not be written", hint="check space and permissions"
            ) from self.failed
        return str(self.digest.hexdigest())

    def write(self, block: bytes) -> int:
        """Write and hash."""
        self.digest.update(block)
        return int(self.file.write(block))

    def flush(self) -> None:
        """Flush the file."""
        self.file.flush()


def write(
    engine: DuckDBEngine,
    relation: str,
    structure: Mapping[str, Any],
    path: Path,
    spill: Path,
    plan: Layout,
    key: Any,
    values: Mapping[str, object] | None = None,
) -> str:
    """Write a relation's rows to a new file, encrypted to `key`, and give its SHA-256; see `writing`."""
    with writing(engine, relation, structure, path, spill, plan, key, values) as written:
        return written()


@contextlib.contextmanager
def writing(
    engine: DuckDBEngine,
    relation: str,
    structure: Mapping[str, Any],
    path: Path,
    spill: Path,
    plan: Layout,
    key: Any,
    values: Mapping[str, object] | None = None,
) -> Iterator[Callable[[], str]]:
    """Write a relation's rows to a new file, encrypted to `key`; gives a function that waits for the disk and tells the file's SHA-256.

    No plain text of it touches the disk on the way: the engine writes into a pipe under `spill`, a
    second thread encrypts. What it still has to do when the last row came goes on beside the
    caller's work. Raises `EngineError`; the function, `UsageError`.
    """
    sink = _Sink(path)
    with _pipe(spill) as (pipe, source, holder):
        thread = threading.Thread(target=sink.drain, args=(source, key), daemon=True)
        thread.start()
        try:
            try:
                engine.write_out(
                    relation, pipe, FORMATS[plan.format] + ", USE_TMP_FILE false", values, structure
                )
            finally:
                os.close(holder)
            yield lambda: sink.written(thread)
        finally:
            thread.join()


@contextlib.contextmanager
def _pipe(folder: Path) -> Iterator[tuple[Path, int, int]]:
    """A named pipe of our own with both ends held open, so that neither side waits for the other or sees an early end."""
    pipe = folder / f"pipe-{secrets.token_hex(8)}"
    os.mkfifo(pipe, 0o600)
    try:
        source = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        holder = os.open(pipe, os.O_WRONLY)
        fcntl.fcntl(source, fcntl.F_SETFL, fcntl.fcntl(source, fcntl.F_GETFL) & ~os.O_NONBLOCK)
        if hasattr(fcntl, "F_SETPIPE_SZ"):  # fewer turns between the two threads
            with contextlib.suppress(OSError):
                fcntl.fcntl(source, fcntl.F_SETPIPE_SZ, PIPE)
        yield pipe, source, holder
    finally:
        pipe.unlink(missing_ok=True)
