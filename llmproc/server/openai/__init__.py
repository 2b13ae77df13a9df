"""OpenAI's interface: bodies to what is asked, what comes of it to bytes. Pure; HTTP is `server.responding`'s.

    bytes --BodyReader--> ChatRequest   --reading--> Asked         (requests.py: the types, and their rules)
    pieces, ends --answers--> one ChatCompletion                   (responses.py: the types)
    Piece, Ended --chunks--> `data: {...}` ..., usage, [DONE]
    RefusedError, or a message in mid-stream --errors--> {"error": {...}}

forms.py       response_format, tools, and messages with calls
dialects.py    the two endpoints that answer prompts
logprobs.py    log probabilities in both shapes
fresh.py       ids, times and drawn seeds
models.py      GET /v1/models
tokenizing.py  POST /tokenize and /detokenize
paths.py       all of these in the published document, which is made from the same types

Fields without effect are marked in requests.py, with the reason; other unknown ones are refused by name.
"""
