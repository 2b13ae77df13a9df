"""`llmproc record`: any program under the watch's eyes, as course log and run folder."""
