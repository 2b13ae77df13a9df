"""Conversations above the service: prompts in, answers out.

conversation.py   state of one conversation; text -> ids -> order. Pure: needs no service
history.py        what was said, as messages for a template that a model brings
session.py        asks: a prepared turn and a service become an answer
answer.py         text while it comes, up to a stop text;  parts.py, stops.py  which ids bring which text
choices.py        the n answers to one turn
prompts.py        prompts and messages as callers write them;  result.py  what came of a request
option_texts.py   sampling options as they are typed and saved
rules.py          what a lab changes about a prompt loop;  turns.py, saving.py  records, and files of them
"""
