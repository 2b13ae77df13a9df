#!/usr/bin/env bash
# The official openai client's stream helper needs the choices of n = 2 to begin in the order of their index.
#
# Chunks carry `choices[].index`, and OpenAI's reference promises no order among choices. One would guess that the
# helper (`chat.completions.stream`) keeps them apart by index, as plain `create(stream=True)` leaves them. Seen (openai
# 2.54.0, 3.57.0): when the first chunk is of choice 1 it raises IndexError, with choice 0 first all is well; so a server
# whose second choice happens to be quicker breaks its clients now and then.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cat >"$place/look.py" <<'PYTHON'
import json

import openai

try:
    import httpx2 as httpx  # openai 3
except ModuleNotFoundError:
    import httpx


def chunk(index: int, delta: dict, reason: str | None = None) -> str:
    choice = {"index": index, "delta": delta, "finish_reason": reason}
    document = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(document)}\n\n"


def outcome(order: tuple[int, ...]) -> str:
    body = "".join(chunk(i, {"role": "assistant", "content": f"answer {i}"}) for i in order)
    body += "".join(chunk(i, {}, "stop") for i in order) + "data: [DONE]\n\n"
    headers = {"content-type": "text/event-stream"}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, text=body))
    client = openai.OpenAI(base_url="http://localhost/v1", api_key="k", http_client=httpx.Client(transport=transport))
    try:
        with client.chat.completions.stream(model="m", n=2, messages=[{"role": "user", "content": "x"}]) as stream:
            for _ in stream:
                pass
            return "+".join(choice.message.content for choice in stream.get_final_completion().choices)
    except Exception as error:
        return type(error).__name__


print(outcome((0, 1)), "|", outcome((1, 0)))
PYTHON

seen=""
for version in 2.54.0 3.57.0; do
    python3 -m venv "$place/$version"
    "$place/$version/bin/python" -m pip install --quiet --disable-pip-version-check "openai==$version"
    line=$("$place/$version/bin/python" "$place/look.py")
    echo "openai $version, choice 0 first | choice 1 first: $line"
    seen+="$line;"
done
[ "$seen" = "answer 0+answer 1 | IndexError;answer 0+answer 1 | IndexError;" ] || { echo "this has changed" >&2; exit 1; }
