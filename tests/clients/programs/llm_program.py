"""The command `llm` against its own file of OpenAI-compatible models: `llm_program.py BASE_URL`.

The file stands in a folder of its own ($LLM_USER_PATH), which the program makes and removes.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cases import named, serve

MODELS = """\
- model_id: local
  model_name: llama3.2
  api_base: "{url}/v1"
- model_id: local-text
  model_name: llama3.2
  api_base: "{url}/v1"
  completion: true
"""
FIXED = ["-o", "temperature", "0", "-o", "seed", "1", "-o", "max_tokens", "8"]
_folder = tempfile.TemporaryDirectory()
atexit.register(_folder.cleanup)
(Path(_folder.name) / "extra-openai-models.yaml").write_text(MODELS.format(url=sys.argv[1]))
ENVIRONMENT = {**os.environ, "LLM_USER_PATH": _folder.name, "OPENAI_API_KEY": "none"}


def told(*arguments: str) -> dict[str, Any]:
    """What `llm` prints for these arguments."""
    command = [sys.executable, "-m", "llm", *arguments]
    done = subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return {"code": done.returncode, "text": done.stdout.removesuffix("\n"), "errors": done.stderr}


def prompt() -> Any:
    return told("-m", "local", "hello", "--no-stream", *FIXED)


def prompt_stream() -> Any:
    return told("-m", "local", "hello", *FIXED)


def prompt_defaults() -> Any:
    return told("-m", "local", "hello", "-s", "Be brief.")


def completion() -> Any:
    return told("-m", "local-text", "hello", "--no-stream", *FIXED)


def completion_stream() -> Any:
    return told("-m", "local-text", "hello", *FIXED)


def goes_on() -> Any:
    """A second prompt of the same conversation, from the command's own log."""
    return told("-c", "-m", "local", "again", *FIXED)


serve("llm", named(prompt, prompt_stream, prompt_defaults, completion, completion_stream, goes_on))
