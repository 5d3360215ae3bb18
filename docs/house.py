"""The house as a picture, drawn from the real imports: which package imports which."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
CELL = 22  # pixels
LEFT, TOP = 150, 132
SEPARATORS = ("|", ":")


def packages() -> list[str]:
    """The packages of the house from the door down to the ground, as the layers are declared."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    names = []
    for layer in layers:
        words = layer.replace("(", " ").replace(")", " ").split()
        names += [word for word in words if word not in SEPARATORS]
    return names


def imports(names: list[str]) -> set[tuple[str, str]]:
    """Which of these packages imports which other one, imports for types among them."""
    import grimp

    graph = grimp.build_graph("segmenter", cache_dir=None)
    found = set()
    for module in graph.modules:
        importer = _package(module)
        for imported in graph.find_modules_directly_imported_by(module):
            pair = (importer, _package(imported))
            if pair[0] != pair[1] and set(pair) <= set(names):
                found.add(pair)
    return found


def _package(module: str) -> str:
    """`segmenter.consent.gate` is in `consent`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def picture() -> str:
    """An SVG: one row a package; a dot says that it imports the package of the column."""
    names = packages()
    found = imports(names)
    side = CELL * len(names)
    width, height = LEFT + side + 12, TOP + side + 12
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="Each '
            'package imports only packages below it: every dot is right of the diagonal.">'
        ),
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, name in enumerate(names):
        middle = number * CELL + CELL // 2
        shade = "#f4f6f8" if number % 2 else "#ffffff"
        parts += [
            (
                f'<rect x="{LEFT}" y="{TOP + number * CELL}" width="{side}" height="{CELL}" '
                f'fill="{shade}"/>'
            ),
            f'<text x="{LEFT - 10}" y="{TOP + middle + 5}" text-anchor="end">{name}</text>',
            f'<text transform="translate({LEFT + middle + 5},{TOP - 8}) rotate(-60)">{name}</text>',
            (
                f'<rect x="{LEFT + number * CELL + 3}" y="{TOP + number * CELL + 3}" '
                f'width="{CELL - 6}" height="{CELL - 6}" rx="3" fill="#c9d3dd"/>'
            ),
        ]
    places = {name: number for number, name in enumerate(names)}
    for importer, imported in sorted(found, key=lambda pair: (places[pair[0]], places[pair[1]])):
        x = LEFT + places[imported] * CELL + CELL // 2
        y = TOP + places[importer] * CELL + CELL // 2
        parts.append(f'<circle cx="{x}" cy="{y}" r="5" fill="#1f5f8b"/>')
    return "\n".join([*parts, "</svg>", ""])
