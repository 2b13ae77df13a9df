"""`llmproc top`: what every worker of the running instances is doing now."""
