"""Ollama's interface: /api as its clients know it. Pure: bytes in, bytes out; what HTTP does is `server`'s.

    POST /api/chat, /api/generate    bytes --validating, requests--> struct --asking, options--> Asked
                                     Piece, Ended --lines, answers--> lines of NDJSON, or one document
    GET  /api/tags, /api/ps, /api/version, /; POST /api/show        card --pages--> one document
    /api/embed, /api/pull and others                                refusals: 501

requests.py    the fields of requests, as types: what may be sent, and how a value must look
durations.py   keep_alive
thinking.py    `think`: what the model's chat template knows of it
options.py     `options` to SamplingParams, and the names in it that have no effect here
forms.py       format, tools, and messages with calls
asking.py      requests to Asked
answers.py     the fields of answers, as types
lines.py       answers to bytes
stream.py      the writer of one streamed answer
dialects.py    OllamaChat, OllamaGenerate: the two endpoints that answer prompts
refusals.py    how errors are worded, and what is not supported
card.py        what is told of the model that answers
pages.py       lists of models, one model, the version
paths.py       the rows of the published document

Source of the shapes: Ollama's API reference and api/types.go, server/routes.go (August 2026), and what its clients were
seen to send. What is accepted without effect stands in README.md.
"""
