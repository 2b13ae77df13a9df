"""`llmproc fetch`: get a model from Hugging Face's hub, or the course's files."""
