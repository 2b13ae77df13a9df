"""One process, no IPC: the transformer, its KV cache, token sampling, and the engine that runs many sequences.

Serves `service` (and the NumPy reference serves every test). The words: a *sequence* is a request's state in here, a
*slot* is a KV cache with the ids that stand in it, a *step* is one round over all running sequences.
Nothing here forks, reads files, or knows text: ids go in, ids come out.
"""
