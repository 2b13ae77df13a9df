"""What the operating system knows about our processes: /proc, the course log, the watch thread, the run folder."""
