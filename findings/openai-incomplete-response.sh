#!/usr/bin/env bash
# The official openai client's helper has no final response for an answer of /v1/responses that a limit cut.
#
# With max_output_tokens such a stream ends with the event `response.incomplete`, which holds the whole response: status
# "incomplete", its reason, usage. One would guess that `responses.stream(...)`'s get_final_response() returns it, as a
# response without streaming is returned. Seen (openai 2.54.0, 3.57.0): RuntimeError, a class of Python's own and none
# of openai's, which says that no `response.completed` event came; the event itself is delivered to a loop.
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

PART = {"type": "output_text", "text": "half", "annotations": [], "logprobs": []}


def response(status: str, done: bool) -> dict:
    output = [{"id": "m", "type": "message", "role": "assistant", "status": status, "content": [PART]}] if done else []
    return {
        "id": "r", "object": "response", "created_at": 1, "status": status, "model": "m", "output": output,
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None, "instructions": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2,
                  "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}},
    }  # fmt: skip


def outcome(status: str) -> str:
    item = {"id": "m", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    at = {"item_id": "m", "output_index": 0, "content_index": 0}
    events = [
        {"type": "response.created", "response": response("in_progress", False)},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **at, "part": {**PART, "text": ""}},
        {"type": "response.output_text.delta", **at, "delta": "half", "logprobs": []},
        {"type": "response.output_text.done", **at, "text": "half", "logprobs": []},
        {"type": "response.content_part.done", **at, "part": PART},
        {"type": "response.output_item.done", "output_index": 0, "item": response(status, True)["output"][0]},
        {"type": f"response.{status}", "response": response(status, True)},
    ]
    body = "".join(
        f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': number})}\n\n"
        for number, event in enumerate(events)
    )
    headers = {"content-type": "text/event-stream"}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, text=body))
    client = openai.OpenAI(base_url="http://localhost/v1", api_key="k", http_client=httpx.Client(transport=transport))
    with client.responses.stream(model="m", input="x", max_output_tokens=1) as stream:
        seen = [event.type for event in stream][-1]
        try:
            return f"{seen}: {stream.get_final_response().status}"
        except Exception as error:
            return f"{seen}: {type(error).__module__}.{type(error).__name__}"


print(outcome("completed"), "|", outcome("incomplete"))
PYTHON

seen=""
for version in 2.54.0 3.57.0; do
    python3 -m venv "$place/$version"
    "$place/$version/bin/python" -m pip install --quiet --disable-pip-version-check "openai==$version"
    line=$("$place/$version/bin/python" "$place/look.py")
    echo "openai $version: $line"
    seen+="$line;"
done
want="response.completed: completed | response.incomplete: builtins.RuntimeError;"
[ "$seen" = "$want$want" ] || { echo "this has changed" >&2; exit 1; }
