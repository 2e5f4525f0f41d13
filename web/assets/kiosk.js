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
  "no-bay": ["不在任何已登记的接口上", "it hangs in none of the bays of a dock"],
  "bay-locked": ["此接口已停用", "this bay is locked"],
  "bay-kept": ["此接口留给另一台设备或另一人员", "this bay is kept for another camera or officer"],
  "not-a-camera": ["不是执法记录仪", "this is no camera"],
  "mixed-classes": ["兼有存储与其他功能，可能是伪装设备", "a disk that brings something else along; refused as a whole"],
  "unknown-device": ["厂商专用设备，没有对应的描述", "a device of some maker that no profile knows"],
  "not-known": ["未经本机构登记的设备", "this office admits only cameras it knows"],
  "no-profile": ["没有型号描述能认出它", "nothing on it says that it is a camera"],
  "no-volume": ["没有出现存储卷，请检查设备或存储卡", "it shows no volume; look at the camera and its card"],
  "not-back-as-volume": ["解锁后没有以存储卷出现", "it was unlocked and did not come back as a volume"],
  "pulled-early": ["取下过早，请重新插入", "taken out too early; put it in again"],
  "stored-later": ["已固证，稍后存储", "all of it is ours; it is stored as soon as the store is back"],
  "not-all-taken-in": ["有文件未能采集", "some files could not be taken in"],
  "no-password": ["没有设定这种摄像机的密码（yihu camera password）", "no password is set for this kind of camera (yihu camera password)"],
  "unfit-password": ["设定的密码不合这种摄像机的格式", "the password that is set cannot be of this kind of camera"],
  "wrong-password": ["密码不对，没有再试：核对密码后重新插入", "wrong password, not tried again: find the right one, then put it in again"],
  "tried-before": ["本次插入已试过一次密码：取出后重新插入", "a password was tried already: take it out and put it in again"],
  "no-answer": ["没有应答", "no answer"],
  "unfit-battery": ["电量不足", "battery too low"],
  "unfit-space": ["剩余空间不足", "too little free space"],
  "unfit-clock": ["时钟不准", "its clock is off"],
  "unfit-docked": ["太久没有插入采集站", "too long since it was docked"],
  "unfit-cleared": ["太久没有清除", "too long since it was cleared"],
  "unfit-taken-in": ["有文件未采集", "not everything on it is ours"],
  "unfit-findings": ["有未处理的发现", "open findings"],
  "camera-clock": ["设备时钟偏差过大", "the camera's clock is further off than allowed"],
  "time-unsynchronised": ["本机时钟未与时间源同步", "this machine's clock is not set by a time source"],
  "filling-soon": ["几天内将满", "full within days"],
  "filling-urgent": ["一天内将满", "full within a day"],
  "gone": ["集线器断开或断电", "its hub is gone: pulled, switched off or failed"],
  "dark": ["各接口同时断电", "all its bays lost power at once"],
  "found-gone": ["上次运行后不见了", "it went while the program did not run"],
  "clear-policy-never": ["本机构未允许清除摄像机", "this office does not clear cameras"],
  "clear-too-early": ["保留期未满", "the days it stays on its camera are not over"],
  "clear-no-witness": ["机关以外尚无任何一方持有账本", "nobody outside the bureau holds the ledger"],
  "clear-not-anchored": ["其账本记录尚待外部会签", "its entries are not cosigned outside yet"],
  "clear-store-untrusted": ["存储未证明能防止删除", "the store was not shown to keep what is locked"],
  "clear-not-ours": ["未曾采集", "it was not taken in"],
  "clear-not-deposited": ["尚未存入存储", "it is not stored yet"],
  "clear-stored-differs": ["存储中的内容与固证时不符或缺失", "what is stored differs from what was secured, or is missing"],
  "clear-lock-too-short": ["存储锁定不足", "its lock in the store is too short"],
  "clear-ledger-differs": ["目录与账本不一致", "catalog and ledger differ about it"],
  "clear-changed": ["摄像机上的文件与固证时不同", "the file on the camera is not what was secured"],
  "clear-linked": ["文件另有名称", "the file has a second name"],
  "clear-unreadable": ["无法从摄像机读取", "it cannot be read from the camera"],
  "clear-unremovable": ["存储卡不允许删除", "the card does not let it be removed"],
  "clear-gone": ["已不在，且不是本系统删除的", "it is gone, and not by us"],
  "clear-given-up": ["授权已由人员关闭", "a person closed the authorisation"],
};

const SAY_WHAT_TO_DO = new Set(["pulled-early", "stored-later"]);

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
    SAY_WHAT_TO_DO.has(bay.error) ? null : h("p", { class: "advice" }, pick(advice)),
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
