// The dock on a screen of its own: one tile for each bay, alarms above. It only listens; nothing can be changed from here.

import { h } from "./dom.js";
import { language } from "./words.js";

const pick = (pair) => pair[language() === "en" ? 1 : 0];

const STATUS = {
  "idle": ["○", ["空闲", "idle"], ["", ""]],
  "identifying": ["?", ["识别中", "identifying"], ["请勿取下", "leave it in"]],
  "reading": ["»", ["采集中", "reading"], ["请勿取下", "leave it in"]],
  "proving": ["=", ["校验中", "proving"], ["请勿取下", "leave it in"]],
  "safe": ["✓", ["可以取下", "safe to remove"], ["已全部存好", "all stored"]],
  "clearing": ["~", ["清除中", "clearing"], ["请勿取下", "leave it in"]],
  "cleared": ["✔", ["已清除", "cleared"], ["可以取下", "safe to remove"]],
  "refused": ["⊘", ["已拒绝", "refused"], ["未采集", "not read"]],
  "failed": ["✘", ["失败", "failed"], ["请叫管理员", "call for help"]],
};

const ALARM = {
  "store-away": ["存储连接不上", "store unreachable"],
  "database-away": ["数据库连接不上", "database unreachable"],
  "spool-filling": ["暂存盘快满", "spool filling up"],
  "clock-wrong": ["时钟不准", "clock wrong"],
  "profile-unknown": ["设备型号未知", "unknown kind of camera"],
  "camera-filling": ["记录仪快满，将覆盖旧录像", "camera filling up, will record over old footage"],
  "not-anchored": ["账本尚无外部见证", "ledger not held outside yet"],
  "dock-lost": ["采集站断开", "dock lost"],
  "unfit": ["不适合出勤", "not fit for duty"],
};

const REASON = {
  "pulled": ["中途被拔出，请重新插入", "pulled out too early; put it in again"],
  "profile-unknown": ["设备型号未知", "no profile fits this camera"],
  "not-a-camera": ["不是执法记录仪", "this is no camera"],
  "keyboard": ["键盘等输入设备，不予采集", "a keyboard or the like, refused"],
  "bay-locked": ["此接口已锁定", "this bay is locked"],
  "wrong-camera": ["此接口已绑定另一台设备", "this bay is bound to another camera"],
  "needs-password": ["需要口令，请联系管理员", "needs a password; call for help"],
  "password-refused": ["口令不被接受", "the password was not accepted"],
  "unknown-filesystem": ["存储卡格式不支持", "a file system that is not read here"],
  "battery": ["电量不足", "battery too low"],
  "free-space": ["剩余空间不足", "too little free space"],
  "clock": ["时钟不准", "clock wrong"],
  "not-cleared": ["尚未清除", "not cleared yet"],
  "not-read": ["尚未采集完", "not everything is read"],
  "no-answer": ["没有应答", "no answer"],
  "time-unsynchronised": ["本机时钟未与时间源同步", "this machine's clock is not set by a time source"],
};

const SILENT_MS = 30_000;
const RETRY_MS = 3_000;

let bays = new Map();
let alarms = new Map();
let rung = new Set();
let stream = null;
let heard = 0;
let trouble = ["正在连接采集站…", "Looking for the dock…"];
let drawing = false;

const words = (code) => (Object.hasOwn(REASON, code) ? pick(REASON[code]) : code);
const alarmKey = (alarm) => `${alarm.kind} ${alarm.about}`;
const inOrder = (one, other) => one.name.localeCompare(other.name, "zh-CN", { numeric: true });

/** As on the camera's box and on the terminal: a thousand of one unit is one of the next. */
function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const unit = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1);
  const amount = count / 1000 ** unit;
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`;
}

function left(seconds) {
  if (seconds === null) return "";
  if (seconds < 60) {
    const coarse = Math.max(Math.ceil(seconds / 5) * 5, 5);
    return pick([`剩 ${coarse} 秒`, `${coarse} s left`]);
  }
  const minutes = Math.ceil(seconds / 60);
  return pick([`剩 ${minutes} 分`, `${minutes} min left`]);
}

function reading(bay) {
  if (bay.status !== "reading" || !bay.size) return [];
  const flow = [left(bay.left), `${bytes(bay.done)} / ${bytes(bay.size)}`, bay.rate ? `${bytes(bay.rate)}/s` : ""];
  return [
    h("progress", { max: String(bay.size), value: String(bay.done), "aria-label": pick(["进度", "progress"]) }),
    h("p", {}, flow.filter(Boolean).join("  ·  ")),
    h("p", { class: "soft" }, `${bay.files ? `${bay.files_done}/${bay.files}  ` : ""}${bay.file}`),
  ];
}

function fitness(bay) {
  if (bay.is_fit === null) return "";
  return bay.is_fit ? pick(["可以出勤", "fit for duty"]) : `${pick(ALARM.unfit)}: ${bay.unfit.map(words).join(pick(["、", ", "]))}`;
}

function alarmText(alarm) {
  const word = Object.hasOwn(ALARM, alarm.kind) ? pick(ALARM[alarm.kind]) : alarm.kind;
  return `! ${[word, alarm.about].filter(Boolean).join(" ")}${alarm.reason ? `: ${words(alarm.reason)}` : ""}`;
}

function tile(bay) {
  const known = Object.hasOwn(STATUS, bay.status) ? STATUS[bay.status] : ["?", [bay.status, bay.status], ["", ""]];
  const [symbol, word, advice] = known;
  const why = bay.error && Object.hasOwn(REASON, bay.error) ? words(bay.error) : words(bay.reason);
  const marks = [bay.has_priority ? pick(["优先采集", "read first"]) : "", bay.is_locked ? pick(["已锁定", "locked"]) : ""];
  return h("section", { class: `bay ${bay.status}`, "data-bay": bay.name },
    h("h2", {}, h("span", { class: "name" }, bay.name), h("span", { class: "symbol" }, symbol), h("span", { class: "word" }, pick(word))),
    h("p", { class: "who" }, [bay.camera, bay.officer].filter(Boolean).join("  ")),
    h("p", { class: "advice" }, pick(advice)),
    why ? h("p", { class: "reason" }, why) : null,
    fitness(bay) ? h("p", { class: bay.is_fit ? "" : "reason" }, fitness(bay)) : null,
    bay.problems ? h("p", { class: "reason" }, pick([`${bay.problems} 个文件未能采集`, `${bay.problems} files not taken in`])) : null,
    reading(bay),
    marks.some(Boolean) ? h("p", { class: "soft" }, marks.filter(Boolean).join("  ")) : null);
}

function draw() {
  drawing = false;
  document.documentElement.lang = language();
  const lines = [...alarms.values()].map((alarm) => h("li", { class: rung.has(alarmKey(alarm)) ? "" : "fresh" },
    alarmText(alarm)));
  if (trouble && bays.size) lines.unshift(h("li", {}, `! ${pick(trouble)}`));
  document.getElementById("alarms").replaceChildren(...lines);
  const main = document.getElementById("bays");
  main.classList.toggle("stale", trouble !== null);
  const nothing = h("p", {}, pick(trouble ?? ["没有可显示的接口", "There is no bay to show"]));
  main.replaceChildren(...(bays.size ? [...bays.values()].sort(inOrder).map(tile) : [nothing]));
}

// several changes at once are drawn once; a tab that nobody sees draws nothing
function soon() {
  if (!drawing) requestAnimationFrame(draw);
  drawing = true;
}

function see(kind, told) {
  heard = Date.now();
  trouble = null;
  if (kind === "picture") {
    bays = new Map(told.picture.bays.map((bay) => [bay.name, bay]));
    alarms = new Map(told.picture.alarms.map((alarm) => [alarmKey(alarm), alarm]));
  } else if (kind === "change") {
    const { bay, alarm, is_over: isOver } = told.change;
    if (bay) isOver ? bays.delete(bay.name) : bays.set(bay.name, bay);
    if (alarm) isOver ? alarms.delete(alarmKey(alarm)) : alarms.set(alarmKey(alarm), alarm);
    setTimeout(() => { rung = new Set(alarms.keys()); }, 6_000);
  }
  soon();
}

/** The browser comes again by itself while the server answers; where it does not, we find out why and try again. */
async function lost() {
  if (stream.readyState !== EventSource.CLOSED) return;
  trouble = ["看不到采集站，以下可能已过时", "The dock is not seen; what stands below may be old"];
  soon();
  try {
    const answer = await fetch("/api/session", { headers: { Accept: "application/json" } });
    if (answer.status === 401) {
      sessionStorage.setItem("yihu-back", location.pathname);
      location.replace("/signin");
      return;
    }
  } catch {
    // the server is away as well: the same words hold
  }
  setTimeout(listen, RETRY_MS);
}

function listen() {
  stream?.close();
  heard = Date.now();
  stream = new EventSource("/api/docks/events");
  for (const kind of ["picture", "change", "heartbeat"]) stream.addEventListener(kind, (event) => see(kind, JSON.parse(event.data)));
  stream.addEventListener("error", lost);
}

setInterval(() => { if (Date.now() - heard > SILENT_MS) listen(); }, 5_000);
soon();
listen();
