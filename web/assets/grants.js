// What somebody was given, over what and until when: read, given and taken away.

import { ask, h, show, trouble } from "./dom.js";
import { field, form } from "./forms.js";
import { moment, name, say } from "./words.js";

const ROLES = ["clerk", "officer", "handler", "leader", "reviewer", "archivist", "publicity", "supervisor", "auditor", "administrator", "security", "audit"];

/** A role, what it covers, and until when. */
export function granted(grant) {
  const until = grant.until && `${say(grant.over ? "endedAt" : "endsAt")} ${moment(grant.until)}`;
  return [name("role", grant.role), grant.scope.join(say("listed")), until].filter(Boolean).join(" ");
}

/** The boxes for a role, and what is asked for by them. */
export function grantFields(id) {
  const role = h("select", { id: `${id}-role` }, ROLES.map((each) => h("option", { value: each, selected: each === "handler" }, name("role", each))));
  const offices = field(`${id}-offices`, say("onlyOffices"), { required: false, autocomplete: "off", placeholder: say("officesHint"), maxlength: "4000" });
  const matters = field(`${id}-matters`, say("onlyMatters"), { required: false, autocomplete: "off", placeholder: say("mattersHint"), maxlength: "4000" });
  const until = field(`${id}-until`, say("lastDay"), { required: false, type: "date" });
  const asked = () => {
    const [office, matter] = [offices, matters].map((each) => parts(each.input.value));
    const kind = /** @type {import("../types/asking").Shape<"GrantAsked">["role"]} */ (role.value);
    return { role: kind, offices: office.filter(isKnown), office_codes: office.filter(isName), matters: matter.filter(isKnown), matter_numbers: matter.filter(isName), until: endOf(until.input.value) };
  };
  return { rows: [h("label", { for: `${id}-role` }, say("role")), role, offices.row, matters.row, until.row], asked };
}

// codes and numbers as people type them; pseudonyms go where pseudonyms belong
const parts = (text) => text.split(/[,，;；、\n]/).map((each) => each.trim()).filter(Boolean);
const isKnown = (each) => /^(office|matter):/.test(each);
const isName = (each) => !isKnown(each);

/** Ask for a grant; a code or number that names no single thing is said as it was typed. */
export async function withScope(asked, send) {
  try {
    return await send(asked);
  } catch (error) {
    const wrong = (error.problem?.fields ?? []).map(({ at }) => ["office_codes", "matter_numbers"].includes(at[1]) && asked[at[1]]?.[Number(at[2])]).filter(Boolean);
    if (wrong.length === 0) throw error;
    return h("p", { class: "trouble", role: "alert" }, say("noSuchScope", { what: wrong.join(say("listed")) }));
  }
}

/** A day counts to its last moment, by the clock of whoever gives. */
function endOf(day) {
  if (day === "") return null;
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + 1).toISOString();
}

/** What somebody was given, each with a way to take it away, and a form for more; nobody gives or takes their own. */
export function grantsOf(person, { own, again }) {
  const place = `/api/accounts/${person.account}/roles`;
  const problem = h("div");
  const line = (grant) => h("li", { class: grant.over ? "over" : null }, h("span", {}, granted(grant)), !own && takeAway(place, grant, { person, problem, again }));
  return [person.grants.length > 0 ? h("ul", { class: "grants" }, person.grants.map(line)) : h("p", { class: "small" }, say("noRole")), problem, !own && giveMore(place, person, again)];
}

function takeAway(place, grant, { person, problem, again }) {
  const act = async () => {
    if (!window.confirm(say("withdrawSure", { who: person.login ?? say("erased"), what: granted(grant) }))) return;
    try {
      await ask(/** @type {"/api/accounts/x/roles/x"} */ (`${place}/${grant.role}?grant=${grant.grant}`), { method: "DELETE" });
      again();
    } catch (error) {
      show(problem, trouble(error));
    }
  };
  return h("button", { type: "button", class: "quiet", value: grant.grant, onclick: act }, say("withdrawRole"));
}

function giveMore(place, person, again) {
  const role = grantFields(person.account);
  const send = () =>
    withScope(role.asked(), async (body) => {
      await ask(/** @type {"/api/accounts/x/roles"} */ (place), { method: "POST", body });
      again();
      return null;
    });
  const give = form("narrow", [role.rows, h("button", { type: "submit", class: "main" }, say("give"))], send);
  return h("details", {}, h("summary", {}, say("giveRole")), give);
}
