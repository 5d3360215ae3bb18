"""`verify`: a manifest, its signature and its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.export import manifest

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.export.manifest import VerifiedManifest


def verify(context: Context, file: Path) -> VerifiedManifest:
    """Check a manifest's signature and its file."""
    return manifest.verify(file, context.keys)
