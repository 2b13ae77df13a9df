"""`tokenizers` and `jinja2` are imported when a model needs them; without them one line asks for them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT
from text.small_vocabularies import byte_level_metadata, sentencepiece_metadata

from llmproc.errors import MissingPackageError
from llmproc.text.templates.registry import template_for
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer

OPENED = """
import json, sys
from pathlib import Path
sys.path.insert(0, "tests")
from llmproc.text.templates.registry import built_in_template, template_for
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer
from llmproc.text.tokenizers.tokenizer import load_tokenizer
from text.small_vocabularies import byte_level_metadata, sentencepiece_metadata
def there():
    return sorted({"tokenizers", "jinja2"} & set(sys.modules))
seen = [there()]
tokenizer = load_gguf_tokenizer(Path("x"), sentencepiece_metadata(), 2000)
template_for(tokenizer)
seen.append(there())
load_gguf_tokenizer(Path("x"), byte_level_metadata(), 2000)
seen.append(there())
template_for(load_gguf_tokenizer(Path("x"), {**sentencepiece_metadata(), "tokenizer.chat_template": "x"}, 2000))
seen.append(there())
print(json.dumps(seen))
"""


def test_each_is_imported_by_the_first_model_that_needs_it() -> None:
    done = subprocess.run([sys.executable, "-c", OPENED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], [], ["tokenizers"], ["jinja2", "tokenizers"]]


def test_without_tokenizers_a_byte_level_file_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingPackageError, match=r"^tokenizers is not installed; install it with: .* tokenizers$"):
        load_gguf_tokenizer(Path("x"), byte_level_metadata(), 2000)
    assert load_gguf_tokenizer(Path("x"), sentencepiece_metadata(), 2000).encode("a")


def test_without_jinja2_a_models_template_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = load_gguf_tokenizer(Path("x"), {**sentencepiece_metadata(), "tokenizer.chat_template": "x"}, 2000)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingPackageError, match=r"^jinja2 is not installed; install it with: .* jinja2$"):
        template_for(tokenizer)
