"""A client of any server with OpenAI's interface, as load generators and remote dispatch need one.

    dotenv.py       text of a .env file -> variables                                              (pure)
    endpoint.py     options, environment, .env -> RemoteEndpoint: base URL, key, model, and where each came from
    body.py         RemoteRequest -> path and JSON of a request                                   (pure)
    sse.py          bytes, split anywhere -> server-sent events                                   (pure)
    answer.py       RemoteAnswer: times, text, tokens, failure, attempts                          plain records
    reading.py      events or a whole JSON document -> text, finish reason, usage, error, moments (pure)
    verdict.py      what came -> None, or a Failure of a named kind                               (pure)
    retrying.py     a Failure, Retry-After, number of attempts -> seconds to wait, or give up     (pure)
    asking.py       one request: connect, send, read, judge, retry -> RemoteAnswer
    lanes.py        a connection for each request under way, without httpx's pool
    reasons.py      an exception of the network -> the system's words for it                      (pure)
    models.py       GET /models: which model to name

One request:

    RemoteRequest --request_body--> POST --bytes--> SseReader --events--> AnswerReader --judge--> RemoteAnswer
                                     ^                                                    |
                                     +--------- RetryPolicy: wait, ask again <--Failure---+

Whatever becomes of a request, `RequestObserver.finished` gets its RemoteAnswer once: that is the place for counts and
for traces. Used by `experiments/serve_load`, `remote` and `telemetry`. Never in it: how many requests, when, and what
their figures mean. httpx comes with the extra `client`; only asking.py, lanes.py and models.py import it.
"""
