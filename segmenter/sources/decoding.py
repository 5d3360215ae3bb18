"""Texts whose bytes could not all be decoded: these come as lone surrogates."""

from __future__ import annotations


def is_utf8(text: str) -> bool:
    """Whether a text holds no byte that was not UTF-8."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def readable(text: str) -> str:
    """A text with the bytes that were not UTF-8 replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
