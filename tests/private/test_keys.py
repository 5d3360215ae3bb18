"""The project's key: one text, which is never replaced in silence."""

from __future__ import annotations

import pytest

import segmenter
from segmenter.errors import ProjectKeyError, SegmenterError
from segmenter.private import keys
from worlds import plain_project

OTHER = "another text that is long enough to be a key"


DERIVED = {  # of the key below: files of every project made so far are under keys made like this
    "segmenter/file/1": "31bde768355ac5e3b7bf780404993e5bf502f39b319f9e903ff8ae683b249434",
    "segmenter/blob/1": "46ab4b32396a8484db1958206572976e2626da7c2e75b561cf962e02932a427d",
    "segmenter/sign/1": "cba65d29d676345fac28d5035a41bf282842595210b4b6751183370788a3e05f",
    "segmenter/journal/1": "9a7d3c6c519c89fdd5badb2d34966fc68c16607c81f53fd8d4feaea229ac5e71",
    "segmenter/check/1": "acbfb65d7cfba7a82b0741b4e3133f3dc458362ae6313d3d6641e2168bea8be9",
    "segmenter/mark/1": "e7423b2ffa58469e269f3e0e99d1d42f508bb9d2b7ca5223869e3c03c29ec2f7",
}
GOLDEN = keys.Keys(b"a secret of tests that is long enough")


@pytest.mark.parametrize("label", DERIVED)
def test_a_key_derived_today_is_the_one_derived_before(label):
    assert GOLDEN.derive(label).hex() == DERIVED[label]


def test_a_key_with_accents_and_a_use_without_a_name_are_derived_as_before():
    accented = keys.Keys("clé de test, longue de plus de trente-deux caractères".encode())
    assert accented.derive("segmenter/journal/1").hex() == (
        "21826903a93b709a659b6e399b7f5d39fc850cf16309f1463d2b7f297e42b358"
    )
    assert accented.derive("").hex() == (
        "8eebc21e012aa533bfe114a00a35be35c24f89260ef3843c9455497896422c1d"
    )


def test_the_derivation_is_that_of_the_standard():
    """RFC 5869, appendix A.3: no salt, no name."""
    secret = keys.Keys(bytes.fromhex("0b" * 22))
    assert secret.derive("").hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    )


def test_what_was_sealed_and_signed_before_opens_and_verifies():
    sealed = bytes.fromhex(
        "97867d9a0f4c640bcb53a40d459e0f60fd41a2e70f7e169d8d4995abf12a16bdc2f89258ba6cb17af5a11c"
    )
    assert GOLDEN.opened(sealed) == b"a stored answer"
    assert GOLDEN.file_key() == "Mb3naDVaxeO3v3gEBJk+W/UC85sxn56QP/iuaDsklDQ="
    assert GOLDEN.pseudonym("check", "segmenter") == (
        "112b6b4dd91699b0de6f935b6ef96efd9679b7baccb9527e6738a31980a878c1"
    )
    assert GOLDEN.signer().public_key().public_bytes_raw().hex() == (
        "15d9389123fdebee7c97436533175e9ccd28ade6639168a3c1ab52b37fd8591e"
    )


def test_a_new_project_gets_a_key_and_keeps_it(tmp_path):
    first = keys.load(tmp_path)
    assert keys.load(tmp_path).pseudonym("x", "y") == first.pseudonym("x", "y")
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "key": 0o600,
        "key.check": 0o600,
    }


def test_the_environment_wins_and_a_short_key_is_refused(tmp_path, monkeypatch):
    keys.load(tmp_path)
    monkeypatch.setenv(keys.VARIABLE, OTHER)
    with pytest.raises(ProjectKeyError, match="not the key"):
        keys.load(tmp_path)
    monkeypatch.setenv(keys.VARIABLE, "short")
    with pytest.raises(ProjectKeyError, match="shorter than 32"):
        keys.load(tmp_path)


def test_a_lost_key_is_missed_and_not_made_anew(tmp_path):
    keys.load(tmp_path)
    (tmp_path / "key").unlink()
    with pytest.raises(ProjectKeyError, match="missing") as caught:
        keys.load(tmp_path)
    assert caught.value.exit_status == 2
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("lost", [("key.check",), ("key", "key.check")])
def test_another_key_never_becomes_that_of_a_project_in_use(tmp_path, monkeypatch, lost):
    root = plain_project(tmp_path, patients=3)
    with segmenter.open(root) as session:
        session.ingest()
    own = (root / ".segmenter" / "key").read_text(encoding="utf-8")
    for name in lost:
        (root / ".segmenter" / name).unlink()
    monkeypatch.setenv(keys.VARIABLE, OTHER)
    with pytest.raises(SegmenterError), segmenter.open(root) as session:
        session.run()
    monkeypatch.delenv(keys.VARIABLE)
    if "key" in lost:
        with pytest.raises(ProjectKeyError):
            segmenter.open(root)
    monkeypatch.setenv(keys.VARIABLE, own)
    with segmenter.open(root) as session:
        assert session.plan().to_dict()["releases"]


def test_a_check_that_was_damaged_refuses(tmp_path):
    keys.load(tmp_path)
    (tmp_path / "key.check").write_bytes("é".encode() + b"\xff")
    with pytest.raises(ProjectKeyError, match="not the key"):
        keys.load(tmp_path)
