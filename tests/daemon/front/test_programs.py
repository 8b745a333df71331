"""Which program a process runs."""

import subprocess
import sys
from pathlib import Path

from chatterbox_daemon.front.programs import program_of


def test_a_script_is_known_by_its_own_name_and_a_program_by_its(tmp_path: Path) -> None:
    script = tmp_path / "mail reader.py"
    script.write_text("print(flush=True); input()")
    for command, name in (([sys.executable, str(script)], "mail reader.py"), (["cat"], "cat")):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        assert program_of(process.pid) == name
        process.communicate()


def test_of_a_process_that_is_gone_nothing_is_known() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert program_of(process.pid) is None
