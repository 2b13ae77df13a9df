// A GGUF file through node-llama-cpp: reads {model, strings, prompts, forced} as JSON from stdin, prints one JSON object.
//     tokens: ids of each string   answers: text of a chat at temperature 0   gaps: per position [likeliest id, gap]
// Used by llama_cpp_agreement.py, which starts it in the folder where the package is installed.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import path from "node:path";

const require = createRequire(path.join(process.cwd(), "here.js"));
const entry = pathToFileURL(require.resolve("node-llama-cpp")).href;
const { getLlama, LlamaChatSession } = await import(entry);

let text = "";
for await (const part of process.stdin) text += part;
const asked = JSON.parse(text);

const llama = await getLlama({ gpu: false, build: "never", logLevel: "error", maxThreads: 1 });
const model = await llama.loadModel({ modelPath: asked.model });
const tokens = asked.strings.map((string) => model.tokenize(string));

const context = await model.createContext({ contextSize: 512, sequences: 2, threads: 1 });
const answers = [];
for (const prompt of asked.prompts) {
    const session = new LlamaChatSession({ contextSequence: context.getSequence(), systemPrompt: "" });
    answers.push(await session.prompt(prompt, { temperature: 0, maxTokens: 64 }));
    session.dispose({ disposeSequence: true });
}

const greedy = [];
for (const { ids, answer } of asked.forced) {
    const sequence = context.getSequence();
    const input = [...ids, ...answer].map((token, place) =>
        place < ids.length - 1 || place === ids.length + answer.length - 1 ? token : [token, {
            generateNext: { probabilities: true },
        }]);
    const output = await sequence.controlledEvaluate(input);
    greedy.push(output.filter(Boolean).map((found) => {
        const likeliest = [...found.next.probabilities.entries()].slice(0, 2);
        return [likeliest[0][0], Math.log(likeliest[0][1]) - Math.log(likeliest[1][1])];
    }));
    sequence.dispose();
}
await context.dispose();
// To a pipe it is written in the background: exit only once all of it is.
process.stdout.write(JSON.stringify({ tokens, answers, greedy }) + "\n", () => process.exit(0));
