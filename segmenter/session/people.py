"""One person: what a patient may ask for. For officers; everyone else is refused (`Refusal`), and each answer leaves its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.inputs import Moment
from segmenter.session.opened import Opened

if TYPE_CHECKING:
    from segmenter.consent.explain import Answer
    from segmenter.consent.receipt import Receipt
    from segmenter.erasure.erase import Forgotten
    from segmenter.workflows.answer import Subject


class People(Opened):
    """Why, receipt, access, erasure."""

    __slots__ = ()

    def why(
        self,
        patient: str,
        *,
        segment: str | None = None,
        channel: str | None = None,
        as_of: Moment = None,
        known_at: Moment = None,
        language: str = "en",
    ) -> Answer:
        """Why a patient may or may not be used: for each use yes or no, every rule that speaks (C1 to C15), and the events behind it.

        For every purpose and channel, or for what one `segment` needs; at any two clocks. What is
        allowed names the grants it stands on. Raises `UsageError` for a patient or a name that
        nobody knows, and for moments before the oldest snapshot that is kept.

        >>> for patient in ("P00000005", "P00000002"):
        ...     print(session.why(patient, segment="lettre_quartier").sentences("en")[0])
        offers / email / newsletter / identity: Allowed. (C1: E00000005-...)
        offers / email / newsletter / identity: No consent covers this use. (C1)
        """
        from segmenter.workflows.answer import why

        del language  # the document holds the sentences in every language
        return why(self.context, patient, segment, channel, self._at(as_of), self._at(known_at))

    def receipt(self, patient: str, *, language: str = "en") -> Receipt:
        """A patient's consent receipt (ISO/IEC TS 27560): every purpose, what was agreed to, on which notice, when.

        >>> session.receipt("P00000001", language="fr").to_dict()["header"]["schema_version"]
        'ISO/IEC TS 27560:2023'
        """
        from segmenter.workflows import answer

        return answer.receipt(self.context, patient, language)

    def subject(self, patient: str, *, language: str = "en") -> Subject:
        """All that is held of a person, from where, and every decision and export: the answer to an access request (GDPR 15).

        >>> session.subject("P00000001").to_dict()["patient_ids"]
        ['P00000001']
        """
        from segmenter.workflows import answer

        del language  # the document holds the sentences in every language
        return answer.subject(self.context, patient)

    def forget(self, patient: str) -> Forgotten:
        """Erase a person from every file, recall them from every export, and prove that nothing is left (S8, GDPR 17).

        A keyed hash stays, which keeps the person out when a source delivers them again. Killed
        halfway, it is finished when the project is opened next. Raises `EngineError`, naming the
        files, where something of the person is left all the same.

        >>> session.forget("P00000003").to_dict()["forgotten"]
        True
        """
        from segmenter.workflows import answer

        return answer.forget(self.context, patient)
