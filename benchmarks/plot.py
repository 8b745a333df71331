"""Reports of benches, as `--json` wrote them, to a picture: medians as bars, with lines to the 95th percentiles.

Run from the checkout: python -m benchmarks.plot before.json after.json --rows 'RTF' -o rtf.svg
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import click

from chatterbox_client.cli.bench.report import read
from chatterbox_client.cli.exits import explained

WIDTH, LABEL_WIDTH, VALUE_WIDTH = 840, 300, 110
BAR_HEIGHT, GROUP_GAP, MARGIN = 16, 14, 20
COLOURS = ("#2f6f9f", "#d9822b", "#4f8f4f", "#a14f7c", "#777777")
Bar = tuple[str, int, float, float]  # the row's name, which file, median, 95th percentile


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--rows", "pattern", default="", help="Only the rows whose names this regular expression finds.")
@click.option("-o", "output", type=click.Path(path_type=Path), required=True, help="The SVG to write.")
def main(files: Sequence[Path], pattern: str, output: Path) -> None:
    """Draw the rows of one report, or the same rows of several side by side."""
    reports = [read(file) for file in files]
    unit, bars = chosen(reports, pattern)
    output.write_text(picture([file.stem for file in files], unit, bars))


def chosen(reports: Sequence[dict[str, Any]], pattern: str) -> tuple[str, list[Bar]]:
    """The bars, those of a row together, and the unit of all.

    Raises:
        ValueError: no row is left, or those left are of several units.
    """
    found = [
        (row, index)
        for index, report in enumerate(reports)
        for row in report["rows"]
        if row["count"] and re.search(pattern, row["name"])
    ]
    units = {row["unit"] for row, _ in found}
    if len(units) != 1:
        several = f"are of several units, {', '.join(sorted(units))}" if units else "hold no figure"
        raise ValueError(
            f"the rows that --rows {pattern!r} finds {several}; give an expression for rows of one unit"
        )
    names = list(dict.fromkeys(row["name"] for row, _ in found))
    bars = [(row["name"], index, row["p50"], row["p95"]) for row, index in found]
    return units.pop(), sorted(bars, key=lambda bar: (names.index(bar[0]), bar[1]))


def picture(files: Sequence[str], unit: str, bars: Sequence[Bar]) -> str:
    """The SVG."""
    scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH - 2 * MARGIN) / (max(p95 for *_, p95 in bars) or 1)
    parts, y = list(_legend(files)), 2.0 * MARGIN
    for place, bar in enumerate(bars):
        if place and bar[0] != bars[place - 1][0]:
            y += GROUP_GAP
        is_first = not place or bar[0] != bars[place - 1][0]
        parts += _bar(bar, unit, y, scale, is_first=is_first)
        y += BAR_HEIGHT
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + MARGIN:.0f}"'
    style = 'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
    return "\n".join([f"{head} {style}", *parts, "</svg>\n"])


def _legend(files: Sequence[str]) -> Iterator[str]:
    for index, file in enumerate(files):
        x = MARGIN + LABEL_WIDTH + index * 120
        yield f'<rect x="{x}" y="12" width="10" height="10" fill="{_colour(index)}"/>'
        yield f'<text x="{x + 15}" y="21">{escape(file)}</text>'


def _bar(bar: Bar, unit: str, y: float, scale: float, *, is_first: bool) -> Iterator[str]:
    name, index, p50, p95 = bar
    left, middle = MARGIN + LABEL_WIDTH, y + BAR_HEIGHT / 2
    if is_first:
        yield f'<text x="{left - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(name)}</text>'
    colour, end, far = _colour(index), left + p50 * scale, left + p95 * scale
    yield f'<rect x="{left}" y="{y + 2:.1f}" width="{p50 * scale:.1f}" height="{BAR_HEIGHT - 4}" fill="{colour}"/>'
    yield f'<line x1="{end:.1f}" x2="{far:.1f}" y1="{middle:.1f}" y2="{middle:.1f}" stroke="{colour}"/>'
    yield f'<line x1="{far:.1f}" x2="{far:.1f}" y1="{y + 4:.1f}" y2="{y + BAR_HEIGHT - 4:.1f}" stroke="{colour}"/>'
    yield f'<text x="{far + 6:.1f}" y="{middle + 4:.1f}">{p50:.3g} {escape(unit)}</text>'


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


if __name__ == "__main__":
    with explained("plot"):
        main()
