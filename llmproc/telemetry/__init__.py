"""Traces: one span of each request, sent to a collector over OTLP/HTTP. In main only, and only with --otlp.

 server, batch, load generator          exporter thread
 RequestRecord --SpanExport.put-->  queue  --spans.Spans--> SDK spans --OTLPSpanExporter--> collector
                                      |                                        |
                                      +-- full: dropped and counted            +-- refused: dropped and counted

settings.py     flag and environment to endpoint and headers: pure
record.py       what a request was and what came of it: plain data
client_record.py   a record of what `client` knows of a request to a server elsewhere: pure
attributes.py   a record as attributes of OpenTelemetry's GenAI conventions: pure
langfuse.py     the same as Langfuse reads it: pure
queue.py        the bounded queue, and what became of every record
spans.py        a record as a span of the SDK: its parent, events, status, moments
exporting.py    the thread that does all of that, and its end within a limit
complaints.py   what the SDK logs about a collector, as one line for the user

`put` is all that happens on a request's own thread: no span is built there, nothing waits, nothing can fail. The SDK's
own batch processor is not used, because it does not tell how many spans it has lost, and takes 6 s to end beside a
collector that is gone.

Needs the extra `otlp`; nothing of it is imported without --otlp.
"""
