// Requests to the server that this page came from, and what goes wrong with them, in plain words.

import { readKey } from "./key.js";
import { events } from "./sse.js";

/** A request without an answer. `message`: for the user; `status`: 0 if there was no response. */
export class RequestError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** Return what /workers tells. Throws RequestError. */
export async function readWorkers() {
  const response = await ask("workers", { signal: AbortSignal.timeout(10_000) });
  return response.json();
}

/** Yield the chunks of a streamed chat completion. Throws RequestError; AbortError when `signal` is set off. */
export async function* streamChat(request, signal) {
  const body = JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } });
  const headers = { "content-type": "application/json" };
  const response = await ask("v1/chat/completions", { method: "POST", headers, body, signal });
  try {
    for await (const event of events(response.body)) {
      if (event.data === "[DONE]") return;
      const chunk = JSON.parse(event.data);
      if (chunk.error) throw new RequestError(`The answer broke off: ${chunk.error.message}.`, 200);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof RequestError || error.name === "AbortError") throw error;
    throw new RequestError("The answer broke off: the connection to the server was lost.");
  }
  throw new RequestError("The answer broke off: the server ended it early.");
}

/** Return the words for a response that is no answer. `document`: its body, if that was JSON. */
export function refusalWords(status, document, retryAfter) {
  const said = document?.error?.message ?? "";
  const after = retryAfter ? ` Try again in ${retryAfter} s.` : "";
  if (status === 401) return "The server wants a valid API key.";
  if (status === 429) return `The server is busy: ${said || "its queue is full"}.${after}`;
  if (status === 503) return `The server cannot answer now${said && `: ${said}`}.${after}`;
  if (status >= 500) return `The server failed (status ${status})${said && `: ${said}`}.`;
  return `The server refused this${said ? `: ${said}` : ` (status ${status})`}.`;
}

async function ask(path, options) {
  const key = readKey();
  const headers = { ...options.headers, ...(key && { authorization: `Bearer ${key}` }) };
  const response = await reach(path, { ...options, headers });
  if (response.ok) return response;
  const document = await response.json().catch(() => null);
  throw new RequestError(
    refusalWords(response.status, document, response.headers.get("retry-after")),
    response.status,
  );
}

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError("The server does not answer. Is it still running?");
  }
}
