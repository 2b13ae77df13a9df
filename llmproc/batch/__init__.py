"""A file of prompts in, a file of results out; larger than memory, and nothing lost.

    input --Source--> records --Reader thread--> events --main: Generating--> Backend --notify--> events
                                (judge, tokenize)              |
                                                               +--ResultRow--> Writer thread --> Journal (.part)
                                                                                             \\-> stdout, in order
    end of input, everything written --> sorted into input order --> results.jsonl

The three stages overlap. What is between them is bounded: rows read ahead (`StageLimits.ahead`), requests under way
(`StageLimits.in_flight`), results not yet written (`StageLimits.unwritten`), so that no file is too large and no stage
outruns the next. Each is timed: seconds it worked, seconds it waited.

`record.ResultRow` is the schema of a result, `provenance.Provenance` what a results file depends on, `journal` the
.part file.
What answers is a `backend.Backend`: worker processes (`local`; `serving` knows how a mode becomes a service) or servers
elsewhere (`remote_rows`). What a user types is `options`; `workload` is a shipped workload in place of a file.
"""
