"""A file of prompts answered: reading, generating, writing, resuming."""
