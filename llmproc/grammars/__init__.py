"""Answers of a given form: JSON schemas judged, grammars written, and the tokens that a grammar allows next.

    main      schema --schemas--> judged --writing--> grammar (Lark text) --checking--> in the order
              tokenizer --token_table--> bytes of every token, in shared memory, once
    worker    grammar, tokens --matching--> GrammarState: which ids may come, whether the answer is complete

schemas.py      which JSON schemas are taken: keywords, size, depth
writing.py      JSON schemas, objects and calls of functions as grammars
calls.py        functions that a model may call, and calls in an answer's text
checking.py     whether llguidance takes a grammar, and where in a schema the fault lies
token_table.py  bytes of tokens, as a file that a worker reads
matching.py     states of sequences; the one file here that imports NumPy
library.py      the one place that imports llguidance, and its limits

llguidance (extra `structured`) is imported when a request asks for a form. Its masks depend on grammar and bytes alone:
a sequence that is run again gets the same ones.
"""
