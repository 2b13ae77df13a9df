"""Dispatch to servers elsewhere: the policies of `dispatch`, with connections in place of worker processes.

    options.py     RemoteOptions: which servers, how many connections to each, how patient
    orders.py      RemoteOrder, what is asked; RemoteTicket, what has come of it
    health.py      one server: ready, away until it is tried again, lost                         (pure)
    dispatcher.py  which connection asks what next, and what becomes of a failure                (pure)
    models.py      which model each server has
    service.py     RemoteService: one thread with an event loop that does what the dispatcher says

One request:

    caller  --submit--> RemoteTicket ... --settle--> Begun(connection) --client.ask--> RemoteAnswer --> ticket
                              ^                                                |
                              +------ the server is away, or it is tried again-+     (another connection may take it)

Every connection has a queue of its own, as a worker has, and asks one request at a time; connection c goes to server
c % servers. An idle one takes from the others' queues (ws), or all share one (queue).
Used by `batch` and `experiments`. Never in it: models, tokens' ids, files of prompts.
"""
