"""`llmproc batch`: a file of prompts in, a file of results out. The room `batch` does the work."""
