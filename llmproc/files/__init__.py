"""Files and standard streams, each concern in one place.

replacing.py   a file replaced as a whole or not at all
reading.py     an untrusted file opened and read with care
folders.py     the user's folders (XDG)
streams.py     stdin, stdout and stderr
"""
