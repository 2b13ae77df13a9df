// Ollama's own client for Node.
import { Ollama } from "ollama";

const client = new Ollama({ host: URL_BASE });
const [model, messages] = ["llama3.2", [{ role: "user", content: "hello" }]];
const options = { temperature: 0, seed: 1, num_predict: 8 };

async function gathered(stream) {
  const lines = [];
  for await (const line of stream) lines.push(line);
  const text = lines.map((line) => (line.message ? line.message.content : line.response)).join("");
  return { ...lines.at(-1), text, lines: lines.length };
}

await serve("ollama", {
  chat: async () => client.chat({ model, messages, options }),
  chat_without_options: async () => client.chat({ model, messages }),
  chat_stream: async () => gathered(await client.chat({ model, messages, options, stream: true })),
  generate: async () => client.generate({ model, prompt: "hello", options }),
  generate_stream: async () => gathered(await client.generate({ model, prompt: "hello", options, stream: true })),
  load: async () => client.generate({ model, prompt: "" }),
  models: async () => (await client.list()).models,
  running: async () => (await client.ps()).models,
  show: async () => client.show({ model }),
  version: async () => client.version(),
  embed: async () => client.embed({ model, input: "hello" }),
  aborted: async () => {
    const stream = await client.chat({ model, messages, options: { ...options, num_predict: 200 }, stream: true });
    try {
      for await (const _ of stream) stream.abort();
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
    return client.chat({ model, messages, options });
  },
});
