"""The page at `/`: chat on the left, each worker process live on the right. No build step: a browser gets these files.

index.html       what stands on the page          page.css     how it looks
page.js          joins the parts below
  server.js      requests to this server and their failures, in plain words    sse.js      bytes -> server-sent events
  key.js         the API key, kept for as long as the tab is open
  chat.js        questions and answers on the page
    conversation.js   turns -> messages         settings.js  what is asked for   answer.js   one answer, as it comes
  workers.js     one card for each worker slot
    rates.js     counters -> rates              strip.js     CPU over time      format.js   numbers -> text
  poll.js        when to ask /workers
vendor/          uPlot, as it was published

`page_files.py` is all that runs in the server: it sends these files. The page asks /v1/chat/completions and /workers
like any other client, with addresses relative to its own; nothing is asked of another server.
"""
