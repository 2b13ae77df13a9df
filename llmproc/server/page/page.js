// Joins the parts of the page: chat on the left, workers on the right, one API key for both.

import { Chat } from "./chat.js";
import { KeyDialog } from "./key.js";
import { Poll } from "./poll.js";
import { readWorkers } from "./server.js";
import { Workers } from "./workers.js";

const find = (id) => document.getElementById(id);

const workers = new Workers(find("workers"), find("worker-template"));
const poll = new Poll(look);
const dialog = new KeyDialog(find("key-dialog"), () => poll.start());
new Chat(find("chat"), find("turn-template"), () => dialog.ask(true));

async function look() {
  try {
    workers.show(await readWorkers());
    workers.state(document.hidden ? "paused" : "live");
  } catch (error) {
    workers.state("offline", error.message);
    find("key-again").hidden = error.status !== 401;
    if (error.status !== 401) throw error;
    poll.stop();
    dialog.ask();
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) workers.state("paused");
});
find("key-again").addEventListener("click", () => dialog.ask(true));
poll.start();
