// What is told while somebody watches: the parts that were played, and in the picture who is watching.

import { ask, h } from "./dom.js";
import { moment } from "./words.js";

const EVERY = 15000;

/** Report what *element* played, now and then and when it goes away; the viewing ends when its player does. */
export function watching(granted, element) {
  const said = { text: "" };
  const tell = (over) => {
    const ranges = played(element);
    const body = { ranges, over };
    const text = JSON.stringify(body);
    if (text === said.text || (!over && ranges.length === 0)) return;
    said.text = text;
    ask(`/api/viewings/${granted.viewing}/watched`, { method: "POST", body, keepalive: true }).catch(() => {
      said.text = ""; // the next time tells it again: all that was played is told each time
    });
  };
  const clock = setInterval(() => {
    if (element.isConnected) tell(false);
    else end();
  }, EVERY);
  // a page that is hidden may come back, and goes on with the same viewing; where it does not, the server ends it by itself
  const hidden = () => tell(false);
  const gone = new MutationObserver(() => element.isConnected || end());
  const end = () => {
    clearInterval(clock);
    gone.disconnect();
    removeEventListener("pagehide", hidden);
    tell(true);
  };
  addEventListener("pagehide", hidden);
  element.addEventListener("pause", hidden);
  requestAnimationFrame(() => gone.observe(document.body, { childList: true, subtree: true }));
}

function played(element) {
  const ranges = [];
  for (let place = 0; place < element.played.length && place < 200; place += 1) {
    const start_ms = Math.floor(element.played.start(place) * 1000);
    const end_ms = Math.ceil(element.played.end(place) * 1000);
    if (end_ms > start_ms) ranges.push({ start_ms, end_ms });
  }
  return ranges;
}

/** Who is watching and when, over the picture. Whoever films the screen films it too; it is a deterrent, no more. */
export function overlay(person) {
  const place = h("div", { class: "overlay", "aria-hidden": "true" });
  const write = () => {
    const text = `${person.name} · ${moment(new Date().toISOString())}`;
    place.replaceChildren(h("span", {}, text), h("span", {}, text), h("span", {}, text));
  };
  write();
  const clock = setInterval(() => (place.isConnected ? write() : clearInterval(clock)), 1000);
  return place;
}
