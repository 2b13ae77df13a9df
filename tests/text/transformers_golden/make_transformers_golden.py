"""Make transformers_golden.json: what transformers' apply_chat_template makes of `chat_cases.py`.

Needs transformers (made with 5.24.0), jinja2 and tokenizers. `text`: rendered; `ids`: with
sanitize_control_tokens=True, over a byte-level vocabulary; null: the template refuses.
Usage: make_transformers_golden.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from chat_cases import BYTE_LEVEL, CONVERSATIONS, NOW, OPTIONS, SPECIAL, TEMPLATES  # noqa: E402
from small_vocabularies import tokenizer_json  # noqa: E402


def rendered(tokenizer: Any, template: str, messages: Any, prompt: bool, options: Any, ids: bool) -> Any:
    chosen = {"tokenize": ids, "sanitize_control_tokens": True, "return_dict": False} if ids else {"tokenize": False}
    try:
        return tokenizer.apply_chat_template(
            messages, chat_template=template, add_generation_prompt=prompt, **chosen, **options
        )
    except Exception:  # whatever a template raises is a refusal
        return None


def main() -> None:
    made = Tokenizer.from_str(json.dumps(tokenizer_json("llama-bpe")))
    plain = PreTrainedTokenizerFast(tokenizer_object=made, **SPECIAL)
    byte_level = PreTrainedTokenizerFast(tokenizer_object=made, **BYTE_LEVEL)
    rows = []
    clock = mock.Mock(wraps=chat_template_utils.datetime)
    clock.now.return_value = NOW
    with mock.patch.object(chat_template_utils, "datetime", clock):
        for name, template in TEMPLATES.items():
            for case, messages in CONVERSATIONS.items():
                for number, options in enumerate(OPTIONS):
                    for prompt in (False, True):
                        row = {"template": name, "case": case, "options": number, "prompt": prompt}
                        row["text"] = rendered(plain, template, messages, prompt, options, False)
                        if number == 0:
                            row["ids"] = rendered(byte_level, template, messages, prompt, options, True)
                        rows.append(row)
    (HERE / "transformers_golden.json").write_text("[" + ",\n".join(map(json.dumps, rows)) + "]\n")


if __name__ == "__main__":
    main()
