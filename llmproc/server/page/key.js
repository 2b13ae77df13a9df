// The API key: asked for when the server wants one, sent with each request, kept until this tab is closed.

const NAME = "llmproc-api-key";
const GIVEN = "given"; // how the dialog was closed
let kept = ""; // where the browser allows no storage

/** Return the key, "" for none. */
export function readKey() {
  try {
    return sessionStorage.getItem(NAME) ?? kept;
  } catch {
    return kept;
  }
}

function writeKey(key) {
  kept = key;
  try {
    sessionStorage.setItem(NAME, key);
  } catch {
    // it is kept in memory
  }
}

/** The dialog that asks. `changed` is called when a key was entered. */
export class KeyDialog {
  #dialog;
  #dismissed = false;

  constructor(dialog, changed) {
    this.#dialog = dialog;
    const form = dialog.querySelector("form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      writeKey(form.elements.key.value.trim());
      form.elements.key.value = "";
      dialog.close(GIVEN);
      changed();
    });
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      this.#dismissed = dialog.returnValue !== GIVEN;
    });
  }

  /** Open it. `again`: though its user has closed it before. */
  ask(again = false) {
    if (this.#dialog.open || (this.#dismissed && !again)) return;
    this.#dialog.querySelector("[data-refused]").hidden = readKey() === "";
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
  }
}
