// Which page is asked for, and the bar above it.

import { alarmsPage, requestsPage } from "./access.js";
import { ask, h, show, trouble } from "./dom.js";
import { accountPage, accountsPage, linkPage, signIn } from "./people.js";
import { home, matterPage, partyPage } from "./views.js";
import { beside, language, name, say, switchLanguage } from "./words.js";

const main = document.getElementById("main");

document.documentElement.lang = language();
document.title = `${say("name")} ${say("subtitle")}`;
document.getElementById("skip").textContent = say("skip");

function bar(person) {
  const toggle = h("button", { type: "button", class: "quiet", lang: language() === "en" ? "zh-CN" : "en", onclick: switchLanguage }, say("otherLanguage"));
  const leave = async () => {
    await ask("/api/session", { method: "DELETE" }).catch(() => {});
    location.replace("/signin");
  };
  show(
    document.getElementById("header"),
    h("a", { class: "brand", href: "/" }, h("img", { src: "/assets/icon.svg", alt: "", width: "28", height: "28" }), h("span", {}, say("name")), h("span", { class: "subtitle" }, say("subtitle"))),
    h(
      "div",
      { class: "bar-end" },
      person && person.acts.includes("request") && h("a", { href: "/requests" }, say("requests")),
      person && person.acts.includes("alarms") && h("a", { href: "/alarms" }, say("alarms")),
      person && person.acts.includes("administer") && h("a", { href: "/accounts" }, say("accounts")),
      person && h("a", { class: "person", href: "/account" }, beside(person.name, name("role", person.role))),
      toggle,
      person && h("button", { type: "button", class: "quiet", onclick: leave }, say("signOut")),
    ),
  );
}

async function start() {
  bar(null);
  if (location.pathname === "/signin") return signIn(main);
  if (location.pathname === "/link") return linkPage(main);
  try {
    const person = await ask("/api/session");
    bar(person);
    const [, kind, id] = location.pathname.split("/");
    if (kind === "" && !person.acts.includes("read")) return person.acts.includes("administer") ? accountsPage(main, person) : accountPage(main, person);
    if (kind === "") return home(main);
    if (kind === "account") return accountPage(main, person);
    if (kind === "requests") return requestsPage(main);
    if (kind === "alarms") return alarmsPage(main);
    if (kind === "accounts") return accountsPage(main, person);
    if (kind === "matters") return matterPage(main, person, id);
    if (kind === "parties") return partyPage(main, person, id);
    show(main, h("p", { class: "nothing" }, say("notFound")));
  } catch (error) {
    show(main, trouble(error, () => location.reload()));
  }
}

start();
