"""`llmproc batch`: a file of prompts in, a file of results out; larger than memory, and nothing lost.

    input --Source--> records --Reader thread--> inbox --main: Generating--> Service --tickets--> inbox
                                (judge, tokenize)              |
                                                               +--ResultRow--> Writer thread --> Journal (.part)
                                                                                             \\-> stdout, in order
    end of input, everything written --> sorted into input order --> results.jsonl

The three stages overlap. What is between them is bounded: rows read ahead (`Limits.ahead`), requests under way
(`Limits.flying`), results not yet written (`Limits.unwritten`), so that no file is too large and no stage outruns the
next. Each is timed: seconds it worked, seconds it waited.

`record.ResultRow` is the schema of a result, `origin.Origin` what a results file depends on, `journal` the .part file.
`serving.service_config` is the one place that knows how a mode becomes a service. What a user types is `options`.
"""
