"""A stand-in server that records what clients send, byte for byte, and answers so that they go on.

recorder.py         the HTTP server: every request is kept, then answered
openai_answers.py   OpenAI's shapes, as the rules of clients.md want them
ollama_answers.py   Ollama's
replies.py          what those two give to the server

It has no model: its answers are always the same words. What it must never be is a second opinion on what our server
should answer: `judging.py` judges both.
"""
