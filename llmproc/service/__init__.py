"""The service: requests in, events out, workers behind. The only room that sees both processes and engine."""
