"""Chat templates: messages to ids.

registry.py   which one goes with a tokenizer          template.py   what one can do; messages.py, system.py  its input
chatml.py, plain.py   built in, turn by turn           jinja.py, jinja_environment.py, marks.py   a model's own, whole
template_options.py   variables that a user gives a model's own
"""
