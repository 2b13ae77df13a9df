// The AI SDK with its provider for OpenAI-compatible servers.
import { generateText, streamText } from "ai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";

const provider = (more) => createOpenAICompatible({ name: "local", baseURL: URL_BASE + "/v1", apiKey: "none", ...more });
const chatModel = (more) => provider(more).chatModel("llama3.2");
const textModel = () => provider().completionModel("llama3.2");
const fixed = { temperature: 0, seed: 1, maxOutputTokens: 8 };

async function told(asked) {
  const answer = await generateText(asked);
  return { text: answer.text, reason: answer.finishReason, usage: answer.usage, model: answer.response.modelId };
}

async function gathered(asked) {
  const errors = [];
  const stream = streamText({ ...asked, onError: ({ error }) => errors.push(String(error)) });
  let text = "";
  for await (const piece of stream.textStream) text += piece;
  if (errors.length) throw new Error(errors.join("; "));
  return { text, reason: await stream.finishReason, usage: await stream.usage };
}

await serve("ai", {
  chat: async () => told({ model: chatModel(), prompt: "hello", ...fixed }),
  chat_defaults: async () => told({ model: chatModel(), system: "Be brief.", prompt: "hello" }),
  chat_options: async () => told({ model: chatModel(), prompt: "hello", ...fixed, topP: 0.9, stopSequences: ["\n\n"] }),
  chat_stream: async () => gathered({ model: chatModel(), prompt: "hello", ...fixed }),
  chat_stream_usage: async () => gathered({ model: chatModel({ includeUsage: true }), prompt: "hello", ...fixed }),
  completion: async () => told({ model: textModel(), prompt: "hello", ...fixed }),
  completion_stream: async () => gathered({ model: textModel(), prompt: "hello", ...fixed }),
  refused: async () => told({ model: chatModel(), prompt: "hello", temperature: -1, maxRetries: 0 }),
});
