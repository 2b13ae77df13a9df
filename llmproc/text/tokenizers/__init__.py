"""Tokenizers: text to ids and back, read from untrusted files."""
