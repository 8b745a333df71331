"""A tokenizer's files to what they hold, or a sentence that names the file."""

import json
from pathlib import Path
from typing import Any

from chatterbox.errors import CheckpointError


def read(path: Path) -> bytes:
    """Raises CheckpointError when the file is missing or cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}); pull the model again") from error


def read_json(path: Path) -> Any:
    """Raises CheckpointError when the file is missing or no JSON."""
    content = read(path)
    try:
        return json.loads(content)
    except ValueError as error:
        raise CheckpointError(f"{path} is not JSON ({error}); pull it again") from error
