// The pages: home, one case, one party.

import { card } from "./clips.js";
import { ask, askAll, fill, growing, h, nothing, show } from "./dom.js";
import { beside, day, moment, name, say, STAGES } from "./words.js";

export function home(main) {
  const found = h("div", { class: "found", "aria-live": "polite" });
  const field = h("input", { id: "q", type: "search", autocomplete: "off", maxlength: "100", placeholder: say("findHint") });
  const search = h("form", { class: "search", role: "search" }, h("label", { for: "q" }, say("findParty")), h("div", { class: "row" }, field, h("button", { type: "submit", class: "main" }, say("find"))));
  search.addEventListener("submit", (event) => {
    event.preventDefault();
    fill(found, () => growing(`/api/parties?q=${encodeURIComponent(field.value.trim())}`, h("ul", { class: "plain" }), (party) => h("li", {}, partyLink(party)), say("noParty")));
  });
  const matters = h("div");
  show(main, h("h1", {}, say("home")), search, found, h("h2", {}, say("matters")), matters);
  fill(matters, () => growing("/api/matters", h("ul", { class: "matters" }), (matter) => h("li", {}, matterTile(matter)), say("noMatters")));
}

function partyLink(party) {
  return h(
    "a",
    { class: "tile", href: `/parties/${party.party}` },
    h("strong", {}, party.name ?? say("erased")),
    h("span", { class: "small" }, beside(name("party", party.kind), party.id_shown)),
  );
}

function matterList(matters, empty) {
  if (matters.length === 0) return nothing(empty);
  return h("ul", { class: "matters" }, matters.map((matter) => h("li", {}, matterTile(matter))));
}

function matterTile(matter) {
  const counts = beside(`${say("activities")} ${matter.activities}`, `${say("filings")} ${matter.filings}`);
  return h(
    "a",
    { class: "tile", href: `/matters/${matter.matter}` },
    h("span", { class: "tile-head" }, h("strong", {}, matter.title ?? say("erased")), h("span", { class: "kind" }, name("matter", matter.kind))),
    h("span", { class: "small" }, beside(matter.number, `${say("opened")} ${day(matter.opened_at)}`)),
    h("span", { class: "tile-foot" }, h("span", { class: "where" }, whereabouts(matter)), h("span", { class: "small" }, counts)),
  );
}

function whereabouts(matter) {
  if (matter.closed_at) return say("closed");
  return matter.stage ? name("stage", matter.stage) : say(matter.registered_at ? "registered" : "opened");
}

/**
 * @param {Element} main
 * @param {any} person
 * @param {string} id
 */
export function matterPage(main, person, id) {
  fill(main, async () => {
    const [file, clips] = await Promise.all([ask(`/api/matters/${id}`), askAll(`/api/matters/${id}/clips?limit=200`)]);
    document.title = `${file.matter.title ?? say("erased")} · ${document.title}`;
    return [
      h("p", { class: "path" }, h("a", { href: "/" }, say("home"))),
      matterHead(file),
      steps(file.matter),
      file.stages.map((stage) => stageSection(stage, clips, person)),
    ];
  });
}

function matterHead({ matter, parties }) {
  const dates = [
    matter.number,
    `${say("opened")} ${day(matter.opened_at)}`,
    matter.registered_at && `${say("registered")} ${day(matter.registered_at)}`,
    matter.closed_at && `${say("closed")} ${day(matter.closed_at)}`,
  ];
  const counts = matter.registered_at !== null || matter.kind !== "case";
  return h(
    "div",
    { class: "page-head" },
    h("div", {}, h("h1", {}, matter.title ?? say("erased"), " ", h("span", { class: "kind" }, name("matter", matter.kind))), h("p", { class: "small" }, beside(...dates)), !counts && h("p", { class: "notice" }, say("notRegistered"))),
    h("div", { class: "who" }, h("span", { class: "small" }, say("parties")), parties.length > 0 ? parties.map(partyLink) : nothing(say("noParties"))),
  );
}

function steps(matter) {
  const reached = STAGES.indexOf(matter.stage);
  const step = (stage, index) => {
    const state = index < reached ? "done" : index === reached ? "now" : "later";
    return h("li", { class: state, "aria-current": state === "now" && "step" }, h("a", { href: `#${stage}` }, name("stage", stage)));
  };
  return h("ol", { class: "steps", "aria-label": say("currentStage") }, STAGES.map(step));
}

function stageSection(stage, clips, person) {
  const filings = clips.flatMap(({ clip, filings: mine }) => mine.filter((filing) => filing.stage === stage.stage).map((filing) => ({ clip, filing })));
  const heading = h("h2", {}, name("stage", stage.stage), h("span", { class: "count" }, String(new Set(filings.map(({ clip }) => clip.clip)).size)));
  const acts = stage.activities.map((activity) => activityBlock(activity, filings.filter(({ filing }) => filing.activity === activity.activity), person));
  const body = acts.length > 0 ? acts : nothing(say("noClipsInStage"));
  return h("section", { id: stage.stage, class: acts.length > 0 ? "stage-section" : "stage-section bare" }, heading, body);
}

function activityBlock(activity, filed, person) {
  const cards = filed.map(({ clip, filing }) => h("li", {}, card(clip, { person, range: filing.range, matter: filing.matter })));
  const facts = [name("activity", activity.kind), activity.place, moment(activity.started_at)];
  return h(
    "div",
    { class: "activity" },
    h("h3", {}, activity.title ?? say("erased")),
    h("p", { class: "small" }, beside(...facts)),
    cards.length > 0 ? h("ul", { class: "cards" }, cards) : nothing(say("noClipsInActivity")),
  );
}

/**
 * @param {Element} main
 * @param {any} person
 * @param {string} id
 */
export function partyPage(main, person, id) {
  fill(main, async () => {
    const dossier = await ask(`/api/parties/${id}/dossier`);
    const { party, matters, clips } = dossier;
    document.title = `${party.name ?? say("erased")} · ${document.title}`;
    const titles = new Map(matters.map((matter) => [matter.matter, matter.title ?? say("erased")]));
    const cards = clips.map(({ clip, filings }) => h("li", {}, card(clip, { person, note: filedTo(filings, titles) })));
    return [
      h("p", { class: "path" }, h("a", { href: "/" }, say("home"))),
      h("div", { class: "page-head" }, h("div", {}, h("h1", {}, party.name ?? say("erased"), " ", h("span", { class: "kind" }, say("dossier"))), h("p", { class: "small" }, beside(name("party", party.kind), party.id_shown)))),
      h("h2", {}, say("matters")),
      matterList(matters, say("noMatters")),
      h("h2", {}, say("clips"), h("span", { class: "count" }, String(clips.length))),
      cards.length > 0 ? h("ul", { class: "cards" }, cards) : nothing(say("noClipsOfParty")),
    ];
  });
}

function filedTo(filings, titles) {
  const places = new Set(filings.map((filing) => `${titles.get(filing.matter) ?? ""} ${name("stage", filing.stage)}`.trim()));
  return `${say("filedTo")} ${[...places].join("、")}`;
}
