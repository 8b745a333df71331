"""The clock on the wall may jump: nothing waits by it. It only dates what people read."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.test_house import PACKAGES, ROOT

WALL_CLOCK = {"time", "time_ns", "localtime", "gmtime", "now", "utcnow", "today"}
OWNERS = {"time", "datetime", "date"}


def looks(file: Path) -> Iterator[int]:
    """The lines on which a file looks at the wall clock."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in OWNERS and node.attr in WALL_CLOCK:
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (node.lineno for alias in node.names if alias.name in WALL_CLOCK)


def test_the_wall_clock_dates_and_never_times() -> None:
    found = 0
    for file in (file for folder in PACKAGES.values() for file in folder.rglob("*.py")):
        if "bench" in file.parts:
            continue
        lines = file.read_text().splitlines()
        for line in (lines[number - 1] for number in looks(file)):
            found += 1
            assert ".isoformat(" in line or "now = datetime.now(UTC)" in line, f"{file.relative_to(ROOT)}: {line}"
    assert found > 2
