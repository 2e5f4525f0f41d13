// The pages about people: sign-in, one-time link, one's own account, everybody's accounts.

import { ask, askAll, fill, h, nothing, show, trouble } from "./dom.js";
import { field, form, secret } from "./forms.js";
import { granted, grantFields, grantsOf, withScope } from "./grants.js";
import { beside, moment, name, say } from "./words.js";

function comeIn() {
  const back = sessionStorage.getItem("yihu-back") ?? "/";
  sessionStorage.removeItem("yihu-back");
  location.replace(back.startsWith("/") && !back.startsWith("//") ? back : "/");
}

export function signIn(main) {
  const login = field("login", say("login"), { autocomplete: "username", autocapitalize: "none" });
  const password = secret("password", say("password"), "current-password");
  const code = field("code", say("code"), { required: false, autocomplete: "one-time-code", inputmode: "text", placeholder: say("codeHint") });
  const second = h("div", { class: "second", hidden: true }, code.row);
  const enter = async () => {
    try {
      await ask("/api/session/password", { method: "POST", body: { login: login.input.value, password: password.input.value, code: code.input.value } });
    } catch (error) {
      if (error.problem?.type !== "/problems/second-factor") throw error;
      second.hidden = false;
      code.input.focus();
      return h("p", { class: "notice", role: "status" }, error.problem.detail);
    }
    comeIn();
    return null;
  };
  const button = h("button", { type: "submit", class: "main" }, say("signIn"));
  const first = form("signin", [h("h1", {}, say("signInTitle")), login.row, password.row, second, button, h("p", { class: "small" }, say("signInText")), h("p", { class: "small" }, say("signInAside"))], enter);
  const token = secret("token", say("token"), "off");
  const exchange = async (value) => {
    await ask("/api/session", { method: "POST", body: { token: value } });
    comeIn();
    return null;
  };
  const other = form("token", [token.row, h("button", { type: "submit" }, say("signIn"))], () => exchange(token.input.value.trim()));
  const more = h("details", { class: "more" }, h("summary", {}, say("withToken")), other);
  const elsewhere = h("div", { class: "signin" });
  show(main, first, elsewhere, more);
  offerElsewhere(elsewhere);
  const given = decodeURIComponent(location.hash.slice(1));
  if (given === "") return login.input.focus();
  // out of the address bar and the history before anything else happens
  history.replaceState(null, "", "/signin");
  more.open = true;
  token.input.value = given;
  other.requestSubmit();
}

/** Whoever came back from the issuer without being let in is told why; a button is shown where there is one. */
async function offerElsewhere(place) {
  const why = new URLSearchParams(location.search).get("oidc");
  const said = { over: "oidcOver", refused: "oidcRefused", unknown: "oidcUnknown", away: "oidcAway" }[why];
  const told = said ? h("p", { class: "trouble", role: "alert" }, say(said)) : null;
  if (told) show(place, told);
  const { offered, name: label } = await ask("/api/session/oidc").catch(() => ({ offered: false, name: "" }));
  if (offered) show(place, told, h("a", { class: "button", href: "/api/session/oidc/start" }, label || say("oidc")));
}

export function linkPage(main) {
  const given = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", "/link");
  if (given === "") return show(main, h("div", { class: "signin" }, h("h1", {}, say("linkTitle")), h("p", {}, say("linkMissing"))));
  const password = secret("new", say("newPassword"), "new-password");
  const again = secret("again", say("again"), "new-password");
  const send = async () => {
    if (password.input.value !== again.input.value) return h("p", { class: "trouble", role: "alert" }, say("differ"));
    const { login } = await ask("/api/links", { method: "POST", body: { link: given, password: password.input.value } });
    show(main, h("div", { class: "signin" }, h("h1", {}, say("linkTitle")), h("p", {}, say("passwordSet")), h("p", {}, say("login"), " ", h("strong", {}, login)), h("a", { class: "button main", href: "/signin" }, say("signIn"))));
    return null;
  };
  const button = h("button", { type: "submit", class: "main" }, say("setPassword"));
  show(main, form("signin", [h("h1", {}, say("linkTitle")), h("p", {}, say("linkText")), password.row, again.row, button], send));
  password.input.focus();
}

export function accountPage(main, person) {
  fill(main, async () => {
    const own = await ask("/api/account");
    const again = () => accountPage(main, person);
    return [
      person.acts.includes("read") && h("p", { class: "path" }, h("a", { href: "/" }, say("home"))),
      h("h1", {}, say("account"), " ", h("span", { class: "kind" }, own.person.login ?? say("erased"))),
      h("p", { class: "small" }, beside(own.person.name, ...own.person.grants.map(granted))),
      panel(say("changePassword"), passwordForm()),
      panel(say("secondFactor"), own.person.second_factor ? factorOn(own, again) : factorOff(again)),
      panel(say("sessions"), sessionList(own.sessions, again)),
    ];
  });
}

function panel(title, ...children) {
  return h("section", { class: "stage-section" }, h("h2", {}, title), children);
}

function passwordForm() {
  const before = secret("before", say("oldPassword"), "current-password");
  const after = secret("after", say("newPassword"), "new-password");
  const send = async () => {
    await ask("/api/account/password", { method: "PUT", body: { password: before.input.value, new: after.input.value } });
    before.input.value = "";
    after.input.value = "";
    return h("p", { class: "notice", role: "status" }, say("changed"));
  };
  return form("narrow", [h("p", { class: "small" }, say("linkText")), before.row, after.row, h("button", { type: "submit" }, say("changePassword"))], send);
}

function factorOff(again) {
  const password = secret("factor", say("oldPassword"), "current-password");
  const place = h("div", { class: "narrow" });
  const send = async () => {
    const offered = await ask("/api/account/totp", { method: "POST", body: { password: password.input.value } });
    const code = field("confirm", say("code"), { inputmode: "numeric", autocomplete: "one-time-code", maxlength: "9" });
    const prove = async () => {
      const { codes } = await ask("/api/account/totp", { method: "PUT", body: { code: code.input.value } });
      show(place, h("p", {}, say("codesText")), h("ul", { class: "codes" }, codes.map((each) => h("li", {}, each))), h("button", { type: "button", onclick: again }, say("confirm")));
      return null;
    };
    const key = h("p", { class: "key" }, offered.secret.match(/.{1,4}/g).join(" "));
    show(place, h("p", {}, say("factorText")), qrCode(offered.picture), key, h("p", {}, h("a", { href: offered.uri }, say("openApp"))), form("narrow", [code.row, h("button", { type: "submit", class: "main" }, say("confirm"))], prove));
    return null;
  };
  show(place, h("p", { class: "small" }, say("factorOff")), form("narrow", [password.row, h("button", { type: "submit" }, say("setUp"))], send));
  return place;
}

/** A QR code, dark on white whatever the page's colours are: telephones read nothing else. */
function qrCode(rows) {
  const space = "http://www.w3.org/2000/svg";
  const border = 4;
  const side = rows.length + 2 * border;
  const picture = document.createElementNS(space, "svg");
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${side} ${side}`, width: "240", height: "240", role: "img", "aria-label": say("qrCode"), "shape-rendering": "crispEdges" })) picture.setAttribute(name, value);
  const ground = document.createElementNS(space, "rect");
  for (const [name, value] of Object.entries({ width: side, height: side, fill: "#fff" })) ground.setAttribute(name, value);
  const dark = document.createElementNS(space, "path");
  const squares = rows.flatMap((row, y) => [...row].map((bit, x) => (bit === "1" ? `M${x + border} ${y + border}h1v1h-1z` : "")));
  dark.setAttribute("d", squares.join(""));
  dark.setAttribute("fill", "#000");
  picture.append(ground, dark);
  return picture;
}

function factorOn(own, again) {
  const password = secret("factor", say("oldPassword"), "current-password");
  const send = async () => {
    await ask("/api/account/totp/removal", { method: "POST", body: { password: password.input.value } });
    again();
    return null;
  };
  return [h("p", { class: "small" }, beside(say("factorOn"), `${say("codesLeft")} ${own.recovery_codes_left}`)), form("narrow", [password.row, h("button", { type: "submit" }, say("remove"))], send)];
}

function sessionList(sessions, again) {
  /** @param {string} session */
  const end = async (session) => {
    await ask(`/api/account/sessions/${session}`, { method: "DELETE" });
    again();
  };
  const line = (each) =>
    h("li", { class: "tile line" }, h("span", {}, beside(moment(each.opened_at), name("how", each.how))), each.this ? h("span", { class: "kind" }, say("thisOne")) : h("button", { type: "button", onclick: () => end(each.session) }, say("endSession")));
  return h("ul", { class: "plain" }, sessions.map(line));
}

export function accountsPage(main, { account }) {
  const shown = h("div", { "aria-live": "polite" });
  const list = h("div");
  const again = () => fill(list, async () => accountList(await askAll("/api/accounts?limit=200"), { account, shown, again }));
  show(main, h("h1", {}, say("accounts")), shown, list, panel(say("addAccount"), addForm(shown, again)));
  again();
}

function showLink(shown, made) {
  show(shown, h("div", { class: "notice" }, h("p", {}, say("linkShown")), h("p", { class: "key" }, `${location.origin}${made.link}`)));
}

function addForm(shown, again) {
  const login = field("login", say("login"), { autocomplete: "off", autocapitalize: "none" });
  const person = field("person", say("fullName"), { required: false, autocomplete: "off", maxlength: "100" });
  const role = grantFields("new");
  const send = () =>
    withScope(role.asked(), async (asked) => {
      showLink(shown, await ask("/api/accounts", { method: "POST", body: { login: login.input.value, name: person.input.value, ...asked } }));
      again();
      return null;
    });
  return form("narrow", [login.row, person.row, role.rows, h("button", { type: "submit", class: "main" }, say("make"))], send);
}

function why(act) {
  const reason = window.prompt(say("why"))?.trim();
  if (reason) act(reason);
}

function accountList(people, { account, shown, again }) {
  if (people.length === 0) return nothing("—");
  const act = (path, body) => async () => {
    try {
      const made = await /** @type {any} */ (ask)(path, { method: "POST", body });
      if (made) showLink(shown, made);
      again();
    } catch (error) {
      show(shown, trouble(error));
    }
  };
  const line = (each) => {
    const place = `/api/accounts/${each.account}`;
    const state = beside(!each.enabled && say("disabled"), !each.has_password && say("noPassword"), each.second_factor && say("secondFactor"));
    const turn = each.enabled ? ["disabled", say("disable")] : ["enabled", say("enable")];
    return h(
      "li",
      { class: "tile person-line" },
      h(
        "div",
        { class: "tile-head" },
        h("span", {}, h("strong", {}, each.login ?? say("erased")), " ", beside(each.name), state && [h("br"), h("span", { class: "small" }, state)]),
        h("span", { class: "row" }, each.enabled && h("button", { type: "button", onclick: act(`${place}/link`) }, say("newLink")), h("button", { type: "button", onclick: () => why((reason) => act(`${place}/${turn[0]}`, { reason })()) }, turn[1])),
      ),
      grantsOf(each, { own: each.account === account, again }),
    );
  };
  return h("ul", { class: "plain" }, people.map(line));
}
