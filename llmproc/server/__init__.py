"""OpenAI's and Ollama's interfaces over the worker pool. The map of one HTTP request's path:

uvicorn (event loop of main's only asyncio thread)            I/O thread          workers

guards      Host and Origin, key, sizes, time for a body
 app        path -> dialect (openai/, ollama/)
  Dialect.read     bytes -> Asked, or a RefusedError
  names            the model that was named; foreign names are answered and noticed
  Admission.admit  room in the queue, or 429 with Retry-After
  Answering.begin  a Call for each of n choices  --submit-->   Dispatcher  ~~~~~~>   engine
  Answering.events Piece ..., Ended            <--LoopWakeup-- Ticket.put  <------   ids
  Dialect.stream   events -> writes of SSE or NDJSON, each one `send`
  Dialect.whole    all of them -> one JSON document

asking.py      what is asked and what comes of it: Asked, Piece, Ended          plain records
dialect.py     what an interface must be able to say: pure, bytes in, bytes out
refusals.py    RefusedError: status, message, type, param, code
interfaces.py  which interface a path belongs to
names.py       which model names are answered
admission.py   pure policy: who is let in, and when a refused client is to come again
answering.py   the one place where a request meets the service
responding.py  the mechanism all answering endpoints share: read, admit, stream or whole, disconnects
guards.py      ASGI middleware in front of everything
app.py         the table of paths
running.py     from a started service to the end of the drain
openai/ ollama/   schemas as msgspec types, requests to Asked, events to bytes
metrics/       prometheus-client; an observer of the service

Used by `apps/serve`. starlette, uvicorn and prometheus-client come with the extra `server`; nothing else imports them.
Answers of a given form (`Asked.form`) are `llmproc.grammars`'; they need the extra `structured`.
"""
