// Boxes and forms of the pages about people.

import { h, show, trouble } from "./dom.js";
import { say } from "./words.js";

/** A word and the box it stands beside. */
export function field(id, label, properties = {}) {
  const input = h("input", { id, name: id, required: true, spellcheck: "false", maxlength: "200", ...properties });
  return { input, row: [h("label", { for: id }, label), input] };
}

export function secret(id, label, autocomplete) {
  return field(id, label, { type: "password", autocomplete });
}

/** A form that says what it waits for and what went wrong. */
export function form(className, children, send) {
  const said = h("div", { "aria-live": "polite" });
  const made = h("form", { class: className }, children, said);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    show(said, h("p", { class: "waiting", role: "status" }, say("reading")));
    try {
      show(said, await send());
    } catch (error) {
      show(said, trouble(error));
    }
  });
  return made;
}
