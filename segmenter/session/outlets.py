"""After the export, and against the next one: recalls, what lies outside, and the suppression list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.inputs import Moment
from segmenter.session.opened import Opened

if TYPE_CHECKING:
    from segmenter.erasure.retain import Retained
    from segmenter.export.manifest import Verified
    from segmenter.export.recall import Exposed, Recalls
    from segmenter.suppression.suppression_list import Imported, Summary


class Outlets(Opened):
    """Recall, exposure, retention; suppress."""

    __slots__ = ()

    def recall(self) -> Recalls:
        """Make recalls for everyone who left after an export, and list all: each with its removal file and its clock of 48 hours.

        >>> [recall["export"] for recall in session.recall().to_dict()["recalls"]]
        []
        """
        from segmenter.workflows import take_back

        return take_back.recalls(self.context)

    def recall_ack(self, recall: str) -> Recalls:
        """Note that a destination removed everyone of a recall, and list all. Raises `UsageError` for a recall that is not known.

        >>> session.recall_ack("0000")
        Traceback (most recent call last):
        segmenter.errors.UsageError: ...
        """
        from segmenter.workflows import take_back

        return take_back.acknowledge(self.context, recall)

    def exposed(self, export: str) -> Exposed:
        """Who was in an exported file, which categories, and a draft of the notice to the authority (GDPR 33(3)). For officers.

        Raises `Refusal` for others, `UsageError` for an export that is not known.

        >>> made = session.export("depistage_colorectal", channel="email", destination="routeur")
        >>> session.exposed(made.export).categories
        ('contact', 'identity')
        """
        from segmenter.workflows import take_back

        return take_back.exposed(self.context, export)

    def verify(self, manifest: str | Path) -> Verified:
        """Check a manifest's signature, whether this project's key made it, and whether its file is the one it names.

        Raises `UsageError` for what is no manifest, `Refusal` where anything was changed.

        >>> made = session.export("suivi_sejours", channel="email", destination="routeur")
        >>> session.verify(made.manifest).file_matches
        True
        """
        from segmenter.workflows import take_back

        return take_back.verify(self.context, Path(manifest))

    def retain(self) -> Retained:
        """Apply the policy's limits on how long exports, registers, snapshots and prospects are kept; says what it removed.

        >>> sorted(session.retain().to_dict()["removed"])
        ['exports', 'prospects', 'registers', 'snapshots']
        """
        from segmenter.workflows import take_back

        return take_back.retained(self.context)

    # -- the suppression list ----------------------------------------------------------------------

    def suppress_show(self) -> Summary:
        """The list by reason and source; exact numbers for officers and operators.

        >>> [row["reason"] for row in session.suppress_show().to_dict()["suppression"]][0]
        'complained'
        """
        from segmenter.workflows import suppress

        return suppress.show(self.context)

    def suppress_import(
        self, files: str | Path | Sequence[str | Path], *, channel: str | None = None
    ) -> Imported:
        """Add what files of opt-outs, bounces and complaints say, whatever sender wrote them (S1, S4 to S6). All or none.

        Rows that cannot be read are set aside, with line and reason. Raises `UsageError` for a file
        of no known layout.

        >>> sorted(session.suppress_import(session.context.root / "data" / "lists" / "do_not_contact.csv").to_dict())
        ['created', 'existing', 'quarantined', 'skipped']
        """
        from segmenter.workflows import suppress

        return suppress.import_files(
            self.context,
            [Path(file) for file in ([files] if isinstance(files, (str, Path)) else files)],
            channel,
        )

    def suppress_add(
        self,
        kind: str,
        value: str,
        *,
        channel: str | None = None,
        purpose: str | None = None,
        topic: str | None = None,
        reason: str = "manual",
        until: Moment = None,
    ) -> dict[str, Any]:
        """Suppress one identifier from this instant, for every process; or, of the kind `token`, whom an unsubscribe link was made for.

        Kinds: email, phone, postal, patient_id, domain, token. Without a channel, a purpose, a
        topic it holds for all of them (S2). Raises `UsageError` for kinds and names that are not
        known.

        >>> session.suppress_add("email", "Camille@Example.org", channel="email")["usable"]
        True
        """
        from segmenter.workflows import suppress

        if kind == "token":
            return suppress.add_token(self.context, value, suppress.Scope(channel, purpose, topic))
        return suppress.add(
            self.context,
            kind,
            value,
            suppress.Scope(channel, purpose, topic),
            reason,
            self._at(until),
        )

    def suppress_lift(
        self, kind: str, value: str, *, reason: str, channel: str | None = None
    ) -> dict[str, Any]:
        """Lift the entries of one identifier, by what its owner asked. For officers, with a reason that stays on the trail (S6).

        >>> added = session.suppress_add("phone", "06 39 98 00 01")
        >>> [entry["source"] for entry in session.suppress_lift("phone", "+33 6 39 98 00 01", reason="asked on paper")["lifted"]]
        ['live']
        """
        from segmenter.workflows import suppress

        return suppress.lift(self.context, kind, value, reason, channel)

    def suppress_export(self, file: str | Path) -> dict[str, Any]:
        """Write the list's keyed hashes, to share with a processor. For officers. Raises `UsageError` where no file can be written.

        >>> Path(session.suppress_export(session.context.root / "hashes.csv")["file"]).name
        'hashes.csv'
        """
        from segmenter.workflows import suppress

        return suppress.export_hashes(self.context, Path(file))
