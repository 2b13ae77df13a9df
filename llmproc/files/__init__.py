"""Files, standard streams and what comes from outside, each concern in one place.

replacing.py     a file replaced as a whole or not at all
reading.py       an untrusted file opened and read with care
folders.py       the user's folders (XDG)
streams.py       stdin, stdout and stderr
encoding.py      what text is when it is not UTF-8
escaping.py      bytes that are not UTF-8, where text must be
json_text.py     JSON from outside, refused in words of our own
interpreter.py   where Python looks for modules
"""
