// Clips as cards, and one clip opened: the reason, the player, and its custody history beside it.

import { copyPanel, requestPanel } from "./access.js";
import { ask, askAll, fill, h, nothing, show, trouble } from "./dom.js";
import { overlay, watching } from "./watching.js";
import { beside, bytes, claim, duration, GOOD, moment, name, say, short } from "./words.js";

const SYMBOLS = { video: "▶", audio: "♪", photo: "▣", sidecar: "≡", other: "?" };

/**
 * A card for *clip*; *range* is the part that is filed, if not the whole.
 * @param {import("../types/asking").Shape<"ClipLine">} clip
 * @param {{ person: any, range?: any, note?: string, matter?: string }} about
 */
export function card(clip, { person, range, note, matter }) {
  const title = clip.name ?? say("erased");
  return h(
    "button",
    { type: "button", class: "card", "data-clip": clip.clip, onclick: () => openClip(clip, person, matter) },
    h("span", { class: "picture" }, picture(clip, person), length(clip)),
    h(
      "span",
      { class: "card-text" },
      h("span", { class: "card-title" }, title),
      h("span", { class: "small" }, deviceTime(clip)),
      range && h("span", { class: "small" }, `${say("part")} ${duration(range.start_ms)}–${duration(range.end_ms)}`),
      note && h("span", { class: "small" }, note),
      h("span", { class: "small digest" }, short(clip.sha256)),
      badges(clip),
    ),
  );
}

function picture(clip, person) {
  const symbol = h("span", { class: "symbol", "aria-hidden": "true" }, SYMBOLS[clip.kind] ?? "?");
  if (!clip.shows.includes("poster") || !person.acts.includes("view")) return symbol;
  return h("img", {
    src: `/api/clips/${clip.clip}/poster`,
    alt: "",
    loading: "lazy",
    onerror: (event) => event.target.replaceWith(symbol),
  });
}

function length(clip) {
  const text = clip.duration_ms === null ? name("media", clip.kind) : duration(clip.duration_ms);
  return h("span", { class: "length" }, text);
}

function deviceTime(clip) {
  if (clip.corrected_at) return `${say("correctedTime")} ${corrected(clip)}`;
  return clip.recorded_at ? `${say("deviceTime")} ${claim(clip.recorded_at)}` : say("noDeviceTime");
}

function corrected(clip) {
  const spread = clip.uncertainty_ms === null ? say("uncertain") : `± ${(clip.uncertainty_ms / 1000).toFixed(1)} s`;
  return `${claim(clip.corrected_at)} ${spread}`;
}

function badges(clip) {
  const badge = (kind, code) => h("span", { class: GOOD.has(code) ? "badge good" : "badge" }, name(kind, code));
  const found = clip.findings.map((code) => badge("finding", code));
  if (clip.state !== "rendered") found.push(badge("state", clip.state));
  return found.length > 0 && h("span", { class: "badges" }, found);
}

function openClip(clip, person, matter) {
  const stage = h("div", { class: "stage" });
  const history = h("div", { class: "history-body" });
  const facts = h("div", { class: "facts" });
  const title = h("h2", { id: "clip-title" }, clip.name ?? say("erased"));
  const close = h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, say("close"));
  const dialog = h(
    "dialog",
    { class: "clip", "aria-labelledby": "clip-title", onclose: () => (stage.replaceChildren(), dialog.remove()) },
    h("div", { class: "clip-head" }, title, close),
    h(
      "div",
      { class: "clip-body" },
      h("div", { class: "clip-main" }, stage, facts),
      h("section", { class: "history" }, h("h3", {}, say("history")), h("p", { class: "small" }, say("historyHint")), history),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  const remember = () => fill(history, () => historyOf(clip));
  const reread = () => askForReason(stage, { ...clip, matter }, person, remember, reread);
  reread();
  remember();
  fill(facts, () => factsOf(clip));
}

function askForReason(stage, clip, person, remember, again) {
  if (!person.acts.includes("request")) return show(stage, nothing(say("mayNotView")));
  if (clip.state === "secured") return show(stage, nothing(say("notInStore")));
  const playable = clip.shows.includes("review");
  const picturable = clip.kind === "photo";
  const field = h("input", { id: "reason", name: "reason", required: !clip.matter, maxlength: "200", autocomplete: "off" });
  if (clip.matter) field.placeholder = say("reasonOfCase");
  else field.value = say("usualReason");
  const view = h("button", { type: "submit", class: "main", value: playable ? "review" : "poster" }, say("view"));
  const download = h("button", { type: "submit", class: playable || picturable ? "quiet" : "main", value: "download" }, say("download"));
  const copy = h("button", { type: "submit", class: "quiet", value: "copy" }, say("wantCopy"));
  const problem = h("div");
  const form = h(
    "form",
    { class: "reason" },
    h("label", { for: "reason" }, say("reason")),
    field,
    h("p", { class: "small" }, say("reasonHint")),
    !playable && !picturable && h("p", { class: "small" }, say("noReview")),
    h("div", { class: "row" }, (playable || picturable) && view, playable && clip.kind === "video" && copy, download),
    problem,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = event.submitter?.value ?? "review";
    const buttons = [view, copy, download];
    buttons.forEach((button) => (button.disabled = true));
    show(problem, h("p", { class: "waiting", role: "status" }, say("granting")));
    try {
      if (wanted === "copy") return show(stage, copyPanel(await ask("/api/copies", { method: "POST", body: why(clip, field) }), clip, { field, why, toSave, remember }));
      const what = wanted === "download" ? "original" : wanted;
      const granted = await ask("/api/viewings", { method: "POST", body: { ...why(clip, field), what } });
      show(stage, wanted === "download" ? toSave(granted, clip) : player(granted, clip, again, person), seen(granted));
      remember();
    } catch (error) {
      const refused = error.problem?.type === "/problems/refused";
      const what = wanted === "download" ? "original" : "review";
      show(problem, trouble(error), refused && requestPanel({ ...why(clip, field), what }));
      buttons.forEach((button) => (button.disabled = false));
    }
  });
  show(stage, form);
  field.focus();
  field.select();
}

function why(clip, field) {
  const reason = field.value.trim();
  return { clip: clip.clip, ...(reason && { reason }), ...(clip.matter && { matter: clip.matter }) };
}

function seen(granted) {
  return h("p", { class: "small", role: "status" }, say("viewedAs", { seq: granted.seq }));
}

function toSave(granted, clip, { ready = "downloadReady", save = "saveOriginal" } = {}) {
  const link = h("a", { class: "button main", href: granted.media, download: clip.name ?? "" }, say(save));
  return h("div", { class: "reason" }, h("p", {}, beside(say(ready), bytes(granted.size))), link);
}

function player(granted, clip, again, person) {
  const message = h("div", { "aria-live": "polite" });
  const failed = () =>
    show(message, h("div", { class: "trouble" }, h("p", {}, say("cannotPlay")), h("button", { type: "button", onclick: again }, say("askAgain"))));
  const label = clip.name ?? name("media", clip.kind);
  if (clip.kind === "photo") {
    return h("div", { class: "screen" }, h("img", { src: granted.media, alt: label, onerror: failed }), overlay(person), message);
  }
  const kind = granted.media_type.startsWith("audio/") ? "audio" : "video";
  const element = h(kind, { src: granted.media, controls: true, playsinline: true, controlslist: "nodownload nofullscreen", disablepictureinpicture: true, preload: "auto", "aria-label": label, onerror: failed });
  element.addEventListener("loadeddata", () => {
    // an unknown picture codec plays as sound alone, without any error
    if (kind === "video" && element.videoWidth === 0) show(message, h("p", { class: "trouble", role: "alert" }, say("noPicture")));
  });
  watching(granted, element);
  element.play().catch(() => {}); // where a browser does not start by itself, the controls are there
  // the whole screen shows the name too: the browser's own button would leave it behind
  const whole = kind === "video" && h("button", { type: "button", class: "quiet whole", onclick: () => screen.requestFullscreen() }, say("wholeScreen"));
  const screen = h("div", { class: "screen" }, element, overlay(person), whole, message);
  return screen;
}

/** @param {import("../types/asking").Shape<"ClipLine">} clip */
async function historyOf(clip) {
  const lines = await askAll(`/api/clips/${clip.clip}/history?limit=200`);
  if (lines.length === 0) return nothing(say("noHistory"));
  return h("ol", { class: "lines" }, lines.map(line));
}

function line(found) {
  return h(
    "li",
    {},
    h("span", { class: "number" }, `№ ${found.seq}`),
    h(
      "span",
      { class: "line-text" },
      h("span", {}, h("strong", { title: found.type }, name("entry", found.type)), " ", h("span", { class: "small" }, name("role", found.role))),
      h("span", { class: "small" }, moment(found.at)),
    ),
    h(
      "span",
      { class: "line-links" },
      h("a", { href: found.proof, download: "", "aria-label": say("proofOf", { seq: found.seq }) }, say("proof")),
      h("a", { href: found.entry, target: "_blank", rel: "noopener", "aria-label": say("entryOf", { seq: found.seq }) }, say("entry")),
    ),
  );
}

/** @param {import("../types/asking").Shape<"ClipLine">} clip */
async function factsOf(clip) {
  const whole = await ask(`/api/clips/${clip.clip}`);
  const rows = [
    [say("deviceTime"), whole.recorded_at ? claim(whole.recorded_at) : say("noDeviceTime"), say("deviceTimeHint")],
    ...(whole.corrected_at ? [[say("correctedTime"), corrected(whole), say("correctedTimeHint")]] : []),
    [say("secured"), moment(whole.secured_at)],
    [say("size"), bytes(whole.size)],
    [say("retained"), whole.retained_until ? moment(whole.retained_until) : "—"],
    [say("device"), whole.device],
    ["SHA-256", whole.sha256.split(":")[1]],
    ["BLAKE3", whole.blake3.split(":")[1]],
  ];
  return [
    h("h3", {}, say("digests")),
    badges(clip),
    h("dl", {}, rows.map(([term, value, hint]) => [h("dt", { title: hint }, term), h("dd", {}, value)])),
  ];
}
