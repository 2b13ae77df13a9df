"""Files, batches and responses over a real server: what only the whole of it can show."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from server.batches.batch_parts import PATH, jsonl
from server.batches.batch_serving import batch, begin, ended, form, line, lines, upload
from server.http_serving import HttpReply, connection, request_bytes
from server.json_schema import SchemaJudge
from server.served import Served, served
from support.waiting import until

from llmproc.server.batches.records import BatchList, BatchObject, FileList, FileObject
from llmproc.server.openai.response_object import ResponseEvent, ResponseObject

COUNTS = ("input_tokens", "output_tokens", "total_tokens")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, quick: Path) -> Iterator[Served]:
    """A server on a quick random model; every test of this file asks it."""
    folder = tmp_path_factory.mktemp("batches")
    with served(folder, "--model", quick, "--sequences", 4, "--batch-dir", folder / "kept") as found:
        assert found.port
        yield found
        assert found.end() == 0, "it ends by SIGTERM, and a batch that is left does not keep it"


# -- files ------------------------------------------------------------------------------------------------------------


def test_a_file_is_kept_told_listed_sent_and_deleted(server: Served) -> None:
    data = b"\x00\r\n--b not yet\n" * 9000
    reply = upload(server, data, name="../../x.jsonl")
    told = msgspec.json.decode(reply.body, type=FileObject)
    assert (told.bytes, told.filename, told.purpose) == (len(data), "../../x.jsonl", "batch")
    assert server.ask("GET", f"/v1/files/{told.id}").json == reply.json
    sent = server.ask("GET", f"/v1/files/{told.id}/content")
    assert sent.body == data and sent.headers["content-type"] == "application/octet-stream"
    other = upload(server, b"{}").json["id"]
    page = msgspec.json.decode(server.ask("GET", "/v1/files?limit=1").body, type=FileList)
    assert [one.id for one in page.data] == [other] == [page.first_id] == [page.last_id] and page.has_more
    rest = server.ask("GET", f"/v1/files?after={other}&purpose=batch").json
    assert told.id in [one["id"] for one in rest["data"]] and other not in [one["id"] for one in rest["data"]]
    assert server.ask("GET", "/v1/files?order=asc").json["data"][-1]["id"] == other
    assert server.ask("DELETE", f"/v1/files/{told.id}").json == {"id": told.id, "object": "file", "deleted": True}
    assert server.ask("GET", f"/v1/files/{told.id}/content").status == 404
    assert not list((server.folder / "kept").rglob(f"*{told.id}*"))


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/v1/files", b"{}", 400, "must be multipart/form-data"),
        ("GET", "/v1/files/..%2flock", b"", 404, ""),
        ("GET", "/v1/files/lock", b"", 404, "the file 'lock' does not exist"),
        ("GET", "/v1/files?limit=0", b"", 400, "limit is '0'"),
        ("GET", "/v1/files?limit=%D9%A3", b"", 400, "limit is"),
        ("GET", "/v1/files?order=up", b"", 400, "must be asc or desc"),
        ("GET", "/v1/files?after=x", b"", 400, "must be an id of this list"),
        ("GET", "/v1/files?frob=x", b"", 400, "frob is unknown here"),
        ("PUT", "/v1/files", b"", 405, ""),
        ("GET", "/v1/batches/x", b"", 404, "the batch 'x' does not exist"),
        ("POST", "/v1/batches/x/cancel", b"", 404, "the batch 'x' does not exist"),
        ("GET", "/v1/batches?limit=101", b"", 400, "from 1 to 100"),
        ("POST", "/v1/batches", b"{}", 400, "missing"),
    ],
)
def test_what_is_refused(server: Served, method: str, path: str, body: bytes, status: int, words: str) -> None:
    data = request_bytes(method, path, body)
    with connection(server.port) as client:
        client.sendall(data)
        reply = HttpReply(client, method)
    assert reply.status == status and words in reply.json["error"]["message"]


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"input_file_id": "file-x"}, 404, "the file 'file-x' does not exist"),
        ({"endpoint": "/v1/embeddings"}, 400, "endpoint is '/v1/embeddings'"),
        ({"completion_window": "24d"}, 400, "must be a time such as 24h"),
        ({"output_expires_after": {}}, 400, "output_expires_after is unknown here"),
    ],
)
def test_a_batch_that_is_refused(server: Served, fields: dict[str, Any], status: int, words: str) -> None:
    good = {"input_file_id": upload(server, b"{}").json["id"], "endpoint": PATH, "completion_window": "24h"}
    reply = server.ask("POST", "/v1/batches", {**good, **fields})
    assert reply.status == status and words in reply.json["error"]["message"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/files", "GET, HEAD, POST"), ("/v1/batches", "GET, HEAD, POST"), ("/v1/files/file-1", "DELETE, GET, HEAD"),
        ("/v1/batches/batch_1/cancel", "POST"), ("/v1/models", "GET, HEAD"),
    ],
)  # fmt: skip
def test_rule_20_allow_has_every_method_of_a_path(server: Served, path: str, methods: str) -> None:
    reply = server.ask("PUT", path)
    assert (reply.status, reply.headers["allow"]) == (405, methods)


def test_a_purpose_is_batch_and_a_result_is_no_input(server: Served) -> None:
    assert "purpose is 'fine-tune'" in upload(server, b"{}", purpose="fine-tune").json["error"]["message"]
    found = ended(server, begin(server, jsonl(line(0)))["id"])["output_file_id"]
    asked = {"input_file_id": found, "endpoint": PATH, "completion_window": "24h"}
    assert "is a result of a batch" in server.ask("POST", "/v1/batches", asked).json["error"]["message"]


def test_a_file_that_says_it_is_too_large_is_refused_at_once(server: Served) -> None:
    head = b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400000000\r\n"
    with connection(server.port) as client:
        client.sendall(head + b"Content-Type: multipart/form-data; boundary=b\r\n\r\n")
        reply = HttpReply(client)
    assert reply.status == 413 and "more than 209715200 bytes" in reply.json["error"]["message"]


# -- batches ----------------------------------------------------------------------------------------------------------


def same(row: Any, single: Any) -> bool:
    """Whether a row's body is that of a single request, but for its id and its times."""
    return [one["message"] for one in row["choices"]] == [one["message"] for one in single["choices"]] and all(
        row[name] == single[name] for name in ("object", "model", "system_fingerprint", "seed")
    )


def test_rows_are_answered_as_single_requests_are(server: Served) -> None:
    asked = [line(place, temperature=1, n=1 + place % 2) for place in range(8)]
    told = begin(server, jsonl(*asked))
    assert told["status"] == "validating" and told["object"] == "batch" and told["expires_at"] > told["created_at"]
    found = ended(server, told["id"])
    assert found["status"] == "completed" and found["request_counts"] == {"total": 8, "completed": 8, "failed": 0}
    msgspec.convert(found, BatchObject)
    results = lines(server, found["output_file_id"])
    assert [one["custom_id"] for one in results] == [one["custom_id"] for one in asked]
    for one, result in zip(asked, results, strict=True):
        assert result["response"]["status_code"] == 200
        assert same(result["response"]["body"], server.ask("POST", PATH, one["body"]).json)
    page = msgspec.json.decode(server.ask("GET", "/v1/batches?limit=1").body, type=BatchList)
    assert page.data[0].id == told["id"] and page.has_more


def test_other_endpoints_and_rows_that_fail(server: Served) -> None:
    good = {
        "custom_id": "good",
        "method": "POST",
        "url": "/v1/responses",
        "body": {"input": "Hi", "max_output_tokens": 4},
    }
    long = {**good, "custom_id": "long", "body": {"input": "Hello " * 5000}}
    found = ended(server, begin(server, jsonl(good, long), "/v1/responses")["id"])
    assert found["status"] == "completed" and found["request_counts"] == {"total": 2, "completed": 1, "failed": 1}
    assert lines(server, found["output_file_id"])[0]["response"]["body"]["object"] == "response"
    (bad,) = lines(server, found["error_file_id"])
    assert (bad["custom_id"], bad["response"]["status_code"]) == ("long", 400)
    assert bad["response"]["body"]["error"]["code"] == "context_length_exceeded"
    text = {"custom_id": "t", "method": "POST", "url": "/v1/completions", "body": {"prompt": "Hi", "max_tokens": 4}}
    assert ended(server, begin(server, jsonl(text), "/v1/completions")["id"])["status"] == "completed"


def test_an_input_that_breaks_a_rule_is_told_by_line(server: Served) -> None:
    found = ended(server, begin(server, jsonl(line(0), line(1, temperature=-1)))["id"])
    assert found["status"] == "failed" and found["output_file_id"] is None
    (error,) = found["errors"]["data"]
    assert (error["line"], error["param"]) == (2, "body.temperature")


def test_single_requests_find_a_place_beside_a_batch_which_can_be_cancelled(server: Served) -> None:
    endless = [line(place, max_tokens=400, ignore_eos=True) for place in range(2000)]
    name = begin(server, jsonl(*endless))["id"]
    until(lambda: batch(server, name)["request_counts"]["completed"] > 0, "no row is answered", 60.0)
    assert server.ask("GET", "/health").status == 200
    answers = [server.ask("POST", PATH, line(place)["body"]) for place in range(10)]
    assert all(one.status == 200 for one in answers)
    assert batch(server, name)["status"] == "in_progress"
    assert server.ask("POST", f"/v1/batches/{name}/cancel").json["status"] == "cancelling"
    found = ended(server, name)
    counts = found["request_counts"]
    assert found["status"] == "cancelled" and counts["completed"] + counts["failed"] == 2000
    left = lines(server, found["error_file_id"])
    assert len(left) == counts["failed"] and left[-1]["error"]["code"] == "batch_cancelled"


def test_what_is_not_done_in_time_expires(server: Served) -> None:
    endless = [line(place, max_tokens=400, ignore_eos=True) for place in range(2000)]
    found = ended(server, begin(server, jsonl(*endless), window="1s")["id"])
    assert found["status"] == "expired" and found["expired_at"] >= found["expires_at"]
    assert lines(server, found["error_file_id"])[-1]["error"]["code"] == "batch_expired"


def test_a_second_server_cannot_have_the_folder(server: Served, quick: Path, tmp_path: Path) -> None:
    with served(tmp_path, "--model", quick, "--batch-dir", server.folder / "kept") as second:
        assert second.process.wait(60) == 2
        assert "another server uses this folder" in second.log.read_text()


def test_a_killed_server_goes_on_and_asks_no_kept_row_again(quick: Path, tmp_path: Path) -> None:
    """SIGKILL to main while rows are under way; the next server finds the batch, and every row is there once."""
    asked = [line(place, max_tokens=100, ignore_eos=True) for place in range(60)]
    options = ("--model", quick, "--sequences", 4, "--batch-dir", tmp_path / "kept")
    with served(tmp_path, *options) as first:
        assert first.port
        name = begin(first, jsonl(*asked))["id"]
        until(lambda: batch(first, name)["request_counts"]["completed"] > 5, "no row is answered", 60.0)
        first.process.kill()
        first.process.wait()
    before = (tmp_path / "kept" / "batches" / f"{name}.part").read_bytes()
    kept = [json.loads(one)["result"] for one in before.splitlines()[1:]]
    with served(tmp_path, *options) as second:
        assert second.port
        found = ended(second, name)
        results = lines(second, found["output_file_id"])
        assert second.end() == 0
    assert found["status"] == "completed" and len(kept) > 5
    assert [one["custom_id"] for one in results] == [f"row {place}" for place in range(60)]
    by_name = {one["custom_id"]: one for one in results}
    assert all(by_name[one["custom_id"]] == one for one in kept), "what was kept is there as it was"


# -- responses --------------------------------------------------------------------------------------------------------


def test_a_response_is_the_answer_of_a_chat_whole_and_streamed(server: Served) -> None:
    asked: dict[str, Any] = {"input": "Hello", "max_output_tokens": 8, "seed": 7}
    whole = server.ask("POST", "/v1/responses", asked).json
    msgspec.convert(whole, ResponseObject)
    chat = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 8, "seed": 7}
    text = server.ask("POST", PATH, chat).json["choices"][0]["message"]["content"]
    assert whole["output"][0]["content"][0]["text"] == text != "" and whole["status"] == "incomplete"
    reply = server.ask("POST", "/v1/responses", {**asked, "stream": True})
    assert reply.complete and reply.headers["content-type"] == "text/event-stream"
    events = [json.loads(chunk.split(b"data: ", 1)[1]) for chunk in reply.chunks]
    assert all(msgspec.convert(event, ResponseEvent) for event in events)
    assert "".join(event.get("delta", "") for event in events) == text
    last = events[-1]["response"]
    assert events[-1]["type"] == "response.incomplete" and last["output"][0]["content"] == whole["output"][0]["content"]
    assert [last["usage"][name] for name in COUNTS] == [whole["usage"][name] for name in COUNTS]


def test_nothing_is_stored(server: Served) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("GET", "/input_items")):
        reply = server.ask(method, f"/v1/responses/resp_1{path}")
        assert reply.status == 404 and reply.json["error"]["code"] == "response_not_found"


def test_the_published_document_has_them(server: Served) -> None:
    document = server.ask("GET", "/openapi.json").json
    judge = SchemaJudge(document["components"]["schemas"])
    form_schema = document["paths"]["/v1/files"]["post"]["requestBody"]["content"]
    assert list(form_schema) == ["multipart/form-data"]
    listed = server.ask("GET", "/v1/batches").json
    assert judge.valid(listed, document["components"]["schemas"]["BatchList"])
    assert {"get", "delete"} == document["paths"]["/v1/files/{name}"].keys()
    limits = [one for one in document["paths"]["/v1/batches"]["get"]["parameters"] if one["name"] == "limit"]
    assert limits[0]["in"] == "query" and limits[0]["schema"]["maximum"] == 100


def test_uploads_at_once_do_not_meet(server: Served) -> None:
    found: list[HttpReply] = []

    def work(place: int) -> None:
        found.append(upload(server, b"%d" % place * 20000))

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {reply.json["bytes"] for reply in found} == {20000} and len({reply.json["id"] for reply in found}) == 8
    contents = {server.ask("GET", f"/v1/files/{reply.json['id']}/content").body[:1] for reply in found}
    assert len(contents) == 8


def test_an_upload_that_breaks_off_leaves_nothing(server: Served) -> None:
    body, headers = form(b"x" * 100_000)
    before = sorted((server.folder / "kept" / "files").iterdir())
    with connection(server.port) as client:
        client.sendall(request_bytes("POST", "/v1/files", body, headers)[:50_000])
        time.sleep(0.05)
    until(lambda: sorted((server.folder / "kept" / "files").iterdir()) == before, "half a file is left", 20.0)
