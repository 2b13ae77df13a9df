"""Conversations above the service: text to ids, turns, prompts, results."""
