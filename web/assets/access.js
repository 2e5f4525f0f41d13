// Asking for what a role does not show, deciding about it, copies to take away, and who looked at very much.

import { ask, fill, h, nothing, show, trouble } from "./dom.js";
import { beside, bytes, moment, name, say } from "./words.js";

const BEAT = 1500;

/** A button that asks for what was refused just now. */
export function requestPanel(wanted) {
  if (!wanted.reason && !wanted.matter) return null;
  const place = h("div", { class: "row" });
  const send = async () => {
    try {
      const line = await ask("/api/requests", { method: "POST", body: wanted });
      show(place, h("p", { role: "status" }, `${say("requestSent")} ${name("request", line.state)}`), h("a", { href: "/requests" }, say("requests")));
    } catch (error) {
      show(place, trouble(error, send));
    }
  };
  show(place, h("button", { type: "button", class: "main", onclick: send }, say("askAccess")));
  return place;
}

/** Waits for a copy and then offers it. */
export function copyPanel(copy, clip, { field, why, toSave, remember }) {
  const place = h("div", { class: "reason", role: "status" });
  remember();
  const look = async (line) => {
    if (line.state === "asked") {
      show(place, h("p", { class: "waiting" }, say("copyComing")));
      setTimeout(() => place.isConnected && ask(`/api/copies/${line.copy}`).then(look, (error) => show(place, trouble(error))), BEAT);
      return;
    }
    remember();
    if (line.state !== "made") return show(place, nothing(say("copyFailed")));
    const fetchIt = async () => {
      try {
        const granted = await ask("/api/viewings", { method: "POST", body: { ...why(clip, field), what: "copy", copy: line.copy } });
        show(place, toSave(granted, { ...clip, name: `${line.copy}.mp4` }, { ready: "copyReady", save: "saveCopy" }));
        remember();
      } catch (error) {
        show(place, trouble(error, fetchIt));
      }
    };
    show(place, h("p", {}, beside(say("copyReady"), bytes(line.size), `${say("until")} ${moment(line.until)}`)), h("button", { type: "button", class: "main", onclick: fetchIt }, say("fetchCopy")));
  };
  requestAnimationFrame(() => look(copy));
  return place;
}

export function requestsPage(main) {
  fill(main, async () => {
    const lines = await ask("/api/requests");
    const again = () => requestsPage(main);
    const waiting = lines.filter((line) => line.may_decide && line.state === "requested");
    const decided = lines.filter((line) => line.may_decide && line.state !== "requested");
    const mine = lines.filter((line) => line.mine);
    return [
      h("h1", {}, say("requests")),
      h("h2", {}, say("waitingForMe"), h("span", { class: "count" }, String(waiting.length))),
      waiting.length > 0 ? h("ul", { class: "plain" }, waiting.map((line) => entry(line, again))) : nothing(say("noneWaiting")),
      decided.length > 0 && [h("h2", {}, say("decided"), h("span", { class: "count" }, String(decided.length))), h("ul", { class: "plain" }, decided.map((line) => entry(line, again)))],
      h("h2", {}, say("myRequests"), h("span", { class: "count" }, String(mine.length))),
      mine.length > 0 ? h("ul", { class: "plain" }, mine.map((line) => entry(line, again))) : nothing(say("noneMine")),
    ];
  });
}

function entry(line, again) {
  const problem = h("div");
  const what = name("wanted", line.what);
  return h(
    "li",
    { class: "tile request", "data-request": line.request },
    h("span", { class: "tile-head" }, h("strong", {}, beside(line.name ?? say("erased"), what)), h("span", { class: "kind" }, name("request", line.state))),
    h("span", {}, line.reason ?? say("erased")),
    h("span", { class: "small" }, beside(moment(line.requested_at), `№ ${line.requested_seq}`, line.until && `${say("until")} ${moment(line.until)}`)),
    h("span", { class: "small" }, line.matter && [h("a", { href: `/matters/${line.matter}` }, say("toCase")), " "], h("span", { class: "digest" }, line.clip)),
    deciding(line, again, problem),
    problem,
  );
}

function deciding(line, again, problem) {
  const open = line.state === "requested";
  if (!open && line.state !== "approved") return null;
  const why = h("input", { "aria-label": say("decisionReason"), placeholder: say("decisionReason"), maxlength: "200", class: "why" });
  const hours = h("input", { type: "number", min: "1", max: "720", value: "24", "aria-label": say("hours"), class: "hours" });
  /**
   * @param {"approved" | "denied" | "withdrawn"} how
   * @param {() => any} more
   */
  const act = (how, more) => async () => {
    if (!why.value.trim()) return why.focus();
    try {
      await ask(/** @type {"/api/requests/x/denied"} */ (`/api/requests/${line.request}/${how}`), { method: "POST", body: { reason: why.value.trim(), ...more() } });
      again();
    } catch (error) {
      show(problem, trouble(error));
    }
  };
  const until = () => ({ until: new Date(Date.now() + Number(hours.value) * 3600000).toISOString() });
  const button = (how, more, style) => h("button", { type: "button", class: style, value: how, onclick: act(how, more) }, say(how));
  const none = () => ({});
  return h(
    "span",
    { class: "row" },
    why,
    open && line.may_decide && [hours, h("span", { class: "small" }, say("hours")), button("approved", until, "main"), button("denied", none, "quiet")],
    (line.mine || !open) && button("withdrawn", none, "quiet"),
  );
}

export function alarmsPage(main) {
  fill(main, async () => {
    const lines = await ask("/api/alarms");
    return [
      h("h1", {}, say("alarms")),
      h("p", { class: "small" }, say("alarmsText")),
      lines.length > 0 ? h("ul", { class: "plain" }, lines.map(alarm)) : nothing(say("noAlarms")),
    ];
  });
}

function alarm(line) {
  return h(
    "li",
    { class: "tile alarm" },
    h("strong", {}, line.name ?? say("erased")),
    h("span", {}, say("alarmSays", { clips: line.clips, most: line.most })),
    h("span", { class: "small" }, beside(`${moment(line.since)} – ${moment(line.at)}`, `№ ${line.seq}`)),
    h("span", { class: "small digest" }, line.account),
  );
}
