#!/usr/bin/env bash
# The letters of `tokenizers` are another Unicode version's from 0.21 to 0.22: one tokenizer.json, other pieces.
#
# A tokenizer.json holds its pre-tokenizer's regular expression, such as \p{L}+ for a run of letters. One would guess
# that the file therefore decides how a text is cut, whichever version of the library reads it. Seen: 0.21.0 counts
# 131,756 code points as \p{L} and cuts a word at U+1C89 (a letter since Unicode 16); 0.22.0 counts 141,028 and keeps
# the word whole. So do 0.22.1, 0.22.2 and 0.23.3. Ids of such text differ, and with them a prompt's whole cache.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cat >"$place/look.py" <<'PYTHON'
import tokenizers
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

letters = pre_tokenizers.Split(Regex(r"\p{L}"), "removed")
count = sum(not letters.pre_tokenize_str(chr(p)) for p in range(0x110000) if not 0xD800 <= p < 0xE000)

writer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
writer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\p{L}+"), "isolated")
reader = Tokenizer.from_str(writer.to_str())  # as it would be read from the file
pieces = reader.pre_tokenizer.pre_tokenize_str("a\u1c89b")
print(tokenizers.__version__, count, len(pieces))
PYTHON

seen=""
for version in 0.21.0 0.22.0; do
    python3 -m venv "$place/$version"
    "$place/$version/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "tokenizers==$version"
    line=$("$place/$version/bin/python" "$place/look.py")
    echo "tokenizers, code points that are \\p{L}, pieces of one word: $line"
    seen+="$line;"
done
[ "$seen" = "0.21.0 131756 3;0.22.0 141028 1;" ] || { echo "this has changed" >&2; exit 1; }
