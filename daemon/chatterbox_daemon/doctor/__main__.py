"""`python -m chatterbox_daemon.doctor CHECK`: one check; prints what it found as a list in JSON."""

import argparse
import importlib
import json
import sys

from chatterbox_client.findings import Finding

CHECKS = ("configuration", "gpu", "models", "sound")


def main() -> int:
    """Run the check named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m chatterbox_daemon.doctor", description=__doc__)
    parser.add_argument("check", choices=CHECKS)
    parser.add_argument("--no-sound", action="store_true", help="play nothing")
    arguments = parser.parse_args()
    module = importlib.import_module(f"chatterbox_daemon.doctor.{arguments.check}")
    options = {"is_silent": arguments.no_sound} if arguments.check == "sound" else {}
    findings: list[Finding] = list(module.check(**options))
    json.dump([finding.as_dict() for finding in findings], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
