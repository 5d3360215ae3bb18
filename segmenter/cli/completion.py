"""Tab completion: file names and policy keys, never data."""

from pathlib import Path
from typing import Any

import typer


def _directory(ctx: typer.Context) -> Path:
    options = ctx.find_root().params
    return Path(options.get("directory") or ".")


def segments(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of segment files."""
    from segmenter.project.folder import names

    return [name for name in names(_directory(ctx)) if name.startswith(incomplete)]


def channels(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of channels."""
    return _keys(ctx, "channels", incomplete)


def destinations(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of destinations."""
    return _keys(ctx, "destinations", incomplete)


def purposes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of purposes."""
    return _keys(ctx, "purposes", incomplete)


def _keys(ctx: typer.Context, section: str, incomplete: str) -> list[str]:
    from segmenter.project import document

    data: Any = document.read(_directory(ctx) / "policy.yml").data
    found = data.get(section) if isinstance(data, dict) else None
    if isinstance(found, dict):
        return [name for name in found if name.startswith(incomplete)]
    return []
