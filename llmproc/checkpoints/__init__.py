"""Untrusted checkpoint files in, checked descriptions and arrays out."""
