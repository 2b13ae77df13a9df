// How a client program is driven: see cases.py, which says the same for Python. This text is put before a program's.
import * as readline from "node:readline";
import { readFileSync } from "node:fs";

const URL_BASE = process.argv[1];

function versionOf(name) {
  return JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version;
}

async function outcome(run) {
  try {
    return { result: (await run()) ?? null };
  } catch (error) {
    const status = error.status ?? error.statusCode ?? error.status_code ?? null;
    return { raised: error.constructor.name, status, message: String(error.message).slice(0, 2000) };
  }
}

async function serve(name, cases) {
  console.log(JSON.stringify({ version: versionOf(name), cases: Object.keys(cases) }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await outcome(cases[line.trim()])));
  }
}
