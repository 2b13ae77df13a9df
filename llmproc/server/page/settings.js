// What the user asked for beside the question: texts of the fields -> options of a request. Pure.

/** A field whose text cannot be sent. `field`: its name. */
export class SettingError extends Error {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

/** Return the options of a request. Empty fields are left to the server, but for the seed: it is drawn here, so that
 * an answer that is stopped has one too. `values`: texts by field; `draw`: returns a number from 0 to 1. */
export function readSettings(values, draw = Math.random) {
  const request = {};
  const temperature = number(values, "temperature", "Temperature", 0, 100);
  const maxTokens = whole(values, "max_tokens", "Max tokens", 1, 2 ** 20);
  const seed = whole(values, "seed", "Seed", -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (temperature !== null) request.temperature = temperature;
  if (maxTokens !== null) request.max_tokens = maxTokens;
  request.seed = seed ?? Math.floor(draw() * 2 ** 31);
  return request;
}

function number(values, field, label, least, most) {
  const text = values[field].trim();
  if (text === "") return null;
  const value = Number(text);
  if (!Number.isFinite(value) || value < least || value > most) {
    throw new SettingError(field, `${label} is a number from ${least} to ${most}.`);
  }
  return value;
}

function whole(values, field, label, least, most) {
  const text = values[field].trim();
  if (text === "") return null;
  if (!/^[-+]?\d+$/.test(text) || Number(text) < least || Number(text) > most) {
    throw new SettingError(field, `${label} is a whole number from ${least} to ${most}.`);
  }
  return Number(text);
}
