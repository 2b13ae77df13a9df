"""What the server tells of itself: /metrics for Prometheus, /workers as records. In main only.

 I/O thread              event loop               answers /metrics, /workers
 Observer.on_event       HttpCounts               Collector, worker_records
   -> EventCounts          .pieces(...)             read EventCounts, HttpCounts, Service.workers,
      (ServiceStats,       .choice_ended(...)       Admission, and /proc (ProcessView)
       histograms)         .refused(...), ...

definitions.py     every metric: name, type, labels, meaning, and whether it is one of vLLM's
histogram.py       bounds and counts that cost half a microsecond an observation
labelled.py        counts by labels, of which there are never more than a bound
event_counts.py    what the service's events say
sequences.py       which requests run, and on which places
http_counts.py     what only the HTTP side knows: outcomes, refusals, when ids arrived
process_view.py    what /proc says, read when it is asked for
collector.py       all of that as families of prometheus-client
worker_records.py  all of that by worker, for JSON
server_metrics.py  the parts together
loop_lag.py        how late the event loop is
dashboard.py       a Grafana dashboard of these metrics; `grafana.json` is what it writes

Each count has one thread that writes it; readers copy. README.md lists the metrics. Needs the extra `server`.
"""
