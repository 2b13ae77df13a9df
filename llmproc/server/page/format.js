// Numbers as people read them. Pure.

const NONE = "–"; // not known

/** Return 1.2 kB, 15.7 MB, ... (powers of 1000). */
export function bytes(count) {
  if (count === null) return NONE;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let place = 0;
  while (value >= 999.5 && place < units.length - 1) {
    value /= 1000;
    place += 1;
  }
  return `${value < 99.95 && place > 0 ? value.toFixed(1) : value.toFixed(0)} ${units[place]}`;
}

/** Return 0 %, 3.5 %, 143 %. */
export function percent(value) {
  if (value === null) return NONE;
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** Return a number of things per second, without its unit. */
export function rate(value) {
  if (value === null) return NONE;
  return value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0);
}

/** Return 12 ms, 1.34 s. */
export function seconds(value) {
  if (value === null) return NONE;
  return value < 0.9995 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(2)} s`;
}

/** Return "1 token", "2 tokens". */
export function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Return one line about an answer, from Answer.figures(). */
export function figuresLine({ seed, tokens, exact, tokensPerS, firstS }) {
  const parts = [];
  if (tokens !== null) parts.push(`${exact ? "" : "about "}${counted(tokens, "token")}`);
  if (tokensPerS !== null) parts.push(`${rate(tokensPerS)} tokens/s`);
  if (firstS !== null) parts.push(`first token after ${seconds(firstS)}`);
  parts.push(`seed ${seed}`);
  return parts.join(" · ");
}
