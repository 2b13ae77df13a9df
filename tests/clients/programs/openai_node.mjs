// The official client for Node.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: URL_BASE + "/v1", apiKey: "none" });
const messages = [{ role: "user", content: "hello" }];
const fixed = { model: "llama3.2", temperature: 0, seed: 1, max_tokens: 8 };
const short = { model: "llama3.2", input: "hello", temperature: 0, max_output_tokens: 8 };

function told(completion) {
  return {
    texts: completion.choices.map((choice) => choice.message.content),
    reasons: completion.choices.map((choice) => choice.finish_reason),
    usage: completion.usage,
    model: completion.model,
  };
}

async function gathered(stream) {
  const [texts, roles, reasons, usages] = [[], [], [], []];
  for await (const chunk of stream) {
    for (const choice of chunk.choices) {
      texts[choice.index] = (texts[choice.index] ?? "") + (choice.delta.content ?? "");
      if (choice.delta.role) roles.push(choice.delta.role);
      if (choice.finish_reason) reasons.push(choice.finish_reason);
    }
    if (chunk.usage) usages.push(chunk.usage);
  }
  return { texts, roles, reasons, usages };
}

await serve("openai", {
  chat: async () => told(await client.chat.completions.create({ messages, ...fixed })),
  chat_without_limit: async () => told(await client.chat.completions.create({ messages, model: "llama3.2" })),
  chat_stream: async () => gathered(await client.chat.completions.create({ messages, stream: true, ...fixed })),
  chat_stream_usage: async () =>
    gathered(
      await client.chat.completions.create({ messages, stream: true, stream_options: { include_usage: true }, ...fixed }),
    ),
  stream_helper: async () => {
    const runner = client.chat.completions.stream({ messages, ...fixed });
    let text = "";
    runner.on("content", (delta) => (text += delta));
    return { texts: [text || (await runner.finalContent())], final: await runner.finalContent(), streamed: text };
  },
  logprobs: async () => {
    const answer = await client.chat.completions.create({ messages, logprobs: true, top_logprobs: 2, ...fixed });
    return { ...told(answer), logprobs: answer.choices[0].logprobs };
  },
  choices: async () => told(await client.chat.completions.create({ messages, ...fixed, temperature: 1, n: 3 })),
  choices_stream: async () =>
    gathered(await client.chat.completions.create({ messages, stream: true, ...fixed, temperature: 1, n: 3 })),
  completions: async () => {
    const answer = await client.completions.create({ prompt: "once", ...fixed });
    return { texts: answer.choices.map((choice) => choice.text), usage: answer.usage };
  },
  completions_stream: async () => {
    let text = "";
    for await (const chunk of await client.completions.create({ prompt: "once", stream: true, ...fixed })) {
      text += chunk.choices.map((choice) => choice.text).join("");
    }
    return { texts: [text] };
  },
  responses: async () => {
    const answer = await client.responses.create(short);
    return { text: answer.output_text, status: answer.status, usage: answer.usage };
  },
  responses_stream: async () => {
    const [texts, types] = [[], []];
    for await (const event of await client.responses.create({ stream: true, ...short })) {
      types.push(event.type);
      if (event.type === "response.output_text.delta") texts.push(event.delta);
    }
    return { text: texts.join(""), types, last: types.at(-1) };
  },
  responses_helper: async () => {
    const stream = client.responses.stream({ model: "llama3.2", input: "hello", temperature: 0 });
    let text = "";
    stream.on("response.output_text.delta", (event) => (text += event.delta));
    return { final: (await stream.finalResponse()).output_text, text };
  },
  models: async () => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    return ids;
  },
  refused: async () => told(await client.chat.completions.create({ messages, model: "llama3.2", temperature: -1 })),
  aborted: async () => {
    const stream = await client.chat.completions.create({ messages, stream: true, ...fixed, max_tokens: 200 });
    for await (const _ of stream) {
      stream.controller.abort();
      break;
    }
    return told(await client.chat.completions.create({ messages, ...fixed }));
  },
});
