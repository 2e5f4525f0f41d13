// Building elements and asking the API. Text only ever becomes text: nothing here parses HTML.

import { language, say } from "./words.js";

/** Make an element; properties beginning with "on" listen, `false`, null and undefined are left out. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** What the API answered instead of what was asked for (RFC 9457), or that it did not answer. */
export class Trouble extends Error {
  constructor(problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/**
 * Ask the API; gives parsed JSON (or null), throws Trouble. Whoever is not signed in is sent to sign in.
 * @type {import("../types/asking").Ask}
 */
export const ask = async (path, options = /** @type {any} */ ({})) => {
  const answer = await answered(path, options);
  return answer.status === 204 ? null : answer.json();
};

/** Ask for a part of a list; gives its lines, and where it goes on if there is more. */
export async function askPart(path) {
  const answer = await answered(path);
  const next = /<([^>]+)>; rel="next"/.exec(answer.headers.get("Link") ?? "");
  return { lines: await answer.json(), next: next && next[1] };
}

/**
 * Ask for a list to its end.
 * @type {import("../types/asking").AskAll}
 */
export const askAll = async (path) => {
  /** @type {any} */
  const all = [];
  for (let next = String(path); next; ) {
    const part = await askPart(next);
    all.push(...part.lines);
    next = part.next;
  }
  return all;
};

/**
 * @param {string} path
 * @param {{ method?: string, body?: unknown, keepalive?: boolean }} options
 */
async function answered(path, { method = "GET", body, keepalive = false } = {}) {
  const headers = { Accept: "application/json", "Accept-Language": language(), "X-Yihu": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, keepalive, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Trouble({ title: say("unreachable"), detail: say("unreachableDetail") });
  }
  if (answer.ok) return answer;
  if (answer.status === 401 && path !== "/api/account" && !path.startsWith("/api/account/") && !["/signin", "/link"].includes(location.pathname)) {
    sessionStorage.setItem("yihu-back", location.pathname);
    location.replace("/signin");
  }
  const problem = await answer.json().catch(() => ({ title: say("unreadable"), detail: String(answer.status) }));
  throw new Trouble(problem);
}

/** Put *children* in the place of what is in *place*. */
export function show(place, ...children) {
  place.replaceChildren(...children.flat(Infinity).filter(Boolean));
}

export function waiting() {
  return h("p", { class: "waiting", role: "status" }, say("reading"));
}

export function nothing(text) {
  return h("p", { class: "nothing" }, text);
}

/** A list that is read a part at a time: what *line* makes of each, and a button for more. */
export async function growing(path, list, line, empty) {
  const place = h("div", { class: "growing" });
  const first = await askPart(path);
  if (first.lines.length === 0) return nothing(empty);
  list.append(...first.lines.map(line));
  const onward = (next) => {
    if (!next) return show(place, list);
    const more = h("button", { type: "button", class: "quiet" }, say("more"));
    more.addEventListener("click", async () => {
      more.disabled = true;
      try {
        const part = await askPart(next);
        list.append(...part.lines.map(line));
        onward(part.next);
      } catch (error) {
        show(place, list, trouble(error, () => onward(next)));
      }
    });
    show(place, list, more);
  };
  onward(first.next);
  return place;
}

/** Say what went wrong, and offer to try again if there is a way. */
export function trouble(error, again) {
  const problem = error instanceof Trouble ? error.problem : { title: say("broken"), detail: String(error) };
  const fields = (problem.fields ?? []).map((field) => h("li", {}, `${field.at.join(".")}: ${field.message}`));
  return h(
    "div",
    { class: "trouble", role: "alert" },
    h("p", { class: "trouble-title" }, problem.title),
    problem.detail && h("p", {}, problem.detail),
    problem.incident && h("p", {}, `incident ${problem.incident}`),
    fields.length > 0 && h("ul", {}, fields),
    again && h("button", { type: "button", onclick: again }, say("tryAgain")),
  );
}

/** Fill *place* with what *load* gives, with a word while waiting and one if it fails. */
export async function fill(place, load) {
  show(place, waiting());
  place.setAttribute("aria-busy", "true");
  try {
    show(place, await load());
  } catch (error) {
    show(place, trouble(error, () => fill(place, load)));
  } finally {
    place.removeAttribute("aria-busy");
  }
}
