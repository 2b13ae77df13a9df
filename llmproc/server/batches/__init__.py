"""OpenAI's batches: a file of requests in, files of answers and of failures out, within a time window.

    POST /v1/files    uploads      multipart, streamed to disk            --> files/ID.data, files/ID.json
    POST /v1/batches  endpoints    BatchObject "validating"               --> batches/ID.json
                      runner       one BatchCourse (a task) for each batch that has not ended
                        lines        the input is judged line by line
                        trickle      rows take only places that no single request wants
                        in_process   a row is a request to its path's Endpoint, without a socket
                        results      each result is a line of a journal   --> batches/ID.part
                                     in the end in the order of the input --> files/ID.data (output, errors)
    GET  /v1/batches  endpoints

After a kill at any moment the same steps are found again from what is on the disk: `lifecycle.due` says what a batch
needs next, a row that is in the journal is not asked again, and files that were written twice have the same names.

records.py    the types of OpenAI's interface, and what is kept of a batch
lifecycle.py  pure: the states of a batch and what may follow
lines.py      pure: what a line of an input asks, or what is wrong with it
trickle.py    pure: whether a row may be asked now
limits.py     sizes and counts
folder.py     the folder: its lock, records of files and batches
uploads.py    multipart bodies to files
results.py    the journal (`llmproc.batch.journal`), and output files from it
in_process.py asks an endpoint of this process
course.py     one batch from its creation to its end
runner.py     all of them
endpoints.py, paths.py   HTTP, and the published document
"""
