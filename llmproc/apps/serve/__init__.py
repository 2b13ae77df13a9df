"""`llmproc serve`: OpenAI's and Ollama's interfaces on a port. The room `server` does the work."""
