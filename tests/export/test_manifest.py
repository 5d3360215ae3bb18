"""Manifests: signed, and worth nothing once changed."""

from __future__ import annotations

import json

import pytest

from segmenter.errors import Refusal, UsageError
from segmenter.export import manifest
from segmenter.private.keys import Keys
from world.mailing import KEYS, Mailing


@pytest.fixture
def made(tmp_path):
    return Mailing(tmp_path, [{"patient_id": "a", "email": "a@example.org"}]).export()


def changed(path, **fields):
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, **fields}), encoding="utf-8")


def test_a_manifest_verifies_with_its_file(made):
    found = manifest.verify(made.manifest, KEYS)
    assert (found.trusted, found.file_matches) == (True, True)
    assert manifest.verify(made.manifest).trusted is None


def test_a_changed_manifest_or_file_is_refused(made):
    made.file.write_text("patient_id\nb\n", encoding="utf-8")
    with pytest.raises(Refusal, match="file"):
        manifest.verify(made.manifest, KEYS)
    changed(made.manifest, purpose="offers")
    with pytest.raises(Refusal, match="signature"):
        manifest.verify(made.manifest, KEYS)


def test_another_projects_manifest_is_not_trusted(made):
    with pytest.raises(Refusal, match="another"):
        manifest.verify(made.manifest, Keys(b"some other project's key, long enough to be one"))


def test_a_missing_file_is_told_apart(made):
    made.file.unlink()
    assert manifest.verify(made.manifest, KEYS).file_matches is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"file": "x", "signature": "!", "public_key": "!"}', '{"a":' * 5000]
)
def test_what_is_no_manifest(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((UsageError, Refusal)):
        manifest.verify(path)


def test_no_exact_number_and_no_segment_name_in_it(made):
    content = json.loads(made.manifest.read_text(encoding="utf-8"))
    told = {
        "alias",
        "purpose",
        "channel",
        "policy",
        "snapshot",
        "feeds",
        "columns",
        "file_sha256",
        "expires_at",
        "previous",
        "size",
    }
    assert told <= content.keys()
    assert not {"segment", "members", "rows", "topic", "categories"} & content.keys()
