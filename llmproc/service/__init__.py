"""Requests in, events out: the room that sees both `processes` and `engine`. The map of one request's path:

caller's thread        I/O thread in main                                   worker process

Service.submit
  RequestState,  --post--> Dispatcher.accept
  Ticket                     Placement.add --> Policy
                           round_ended: Placement.flush
                             Policy.next: which ring
                             RequestBoard: frame, cell  ~~ shared memory ~~> Claims.claim   compare-and-swap
                             to_wake: who sleeps        --Wakeup, pipe-----> WorkerLoop    if it sleeps
                                                                               Engine.add, Engine.step
                           Dispatcher.frame             <--Events, pipe----- Outgoing: Taken, ids, Finish
                             Taken: Placement.taken
                             ids: RequestState.add
  Ticket.next    <--queue--- ids: Ticket.put (Tokens)
                             Finish: Placement.release
  Ticket.wait    <--queue--- Finish: Ticket.put

who writes what                                                          who reads it
  ids, tokens, draws      RequestState   I/O thread                        the same: a replay goes on from them
  waiting, in which ring  Placement      I/O thread                        the same
  frames and cells        RequestBoard   I/O thread (the ring's owner on   workers
                                         CPUs that reorder stores)
  the right to run        board's words  workers; main when one is dead    workers, I/O thread
  asleep, busy, steps     HealthCell     worker                            I/O thread
  moments and events      Ticket         I/O thread                        caller

a worker dies   Supervisor: drain its pipe, reap it --> Service.worker_died --> Dispatcher.worker_died
                  blame: who fails; the others: Placement.take_back --> Policy, with what is left of the order
who watches     Observer: gets each event (`monitor.events`) before the ticket gets what it is about

service.py        the callers' side, and what the supervisor tells of processes     config.py   what to serve
dispatcher.py     answering: tickets, events, cancel        placement.py   placing: policy, board, rings, wake-ups
request_state.py  one request and its stages, blame         wakeups.py     who is woken    ticket.py   for callers
messages.py       all that crosses a pipe         worker.py, outgoing.py, claims.py, prepare.py, waiting.py:  children
"""
