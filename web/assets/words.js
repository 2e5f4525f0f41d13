// Everything that is said, in Chinese and in English, and how times and sizes are written.

import { ACCESS_CODES, ACCESS_ENTRIES, ACCESS_WORDS } from "./words-access.js";

const KEY = "yihu-language";

export function language() {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "zh-CN" || chosen === "en") return chosen;
  const asked = navigator.language || "zh";
  return asked.toLowerCase().startsWith("zh") || !asked.toLowerCase().startsWith("en") ? "zh-CN" : "en";
}

export function switchLanguage() {
  localStorage.setItem(KEY, language() === "en" ? "zh-CN" : "en");
  location.reload();
}

const pick = (pair) => pair[language() === "en" ? 1 : 0];

const WORDS = {
  ...ACCESS_WORDS,
  name: ["一户", "Yihu"],
  subtitle: ["执法音像记录", "Enforcement footage"],
  skip: ["跳到正文", "Skip to content"],
  otherLanguage: ["English", "中文"],
  home: ["案件与当事人", "Cases and parties"],
  signOut: ["退出", "Sign out"],
  signIn: ["登录", "Sign in"],
  signInTitle: ["登录", "Sign in"],
  signInText: ["第一次使用或忘记密码：请向管理员索取一次性链接。", "First time here, or password forgotten: ask an administrator for a one-time link."],
  login: ["用户名", "Login"],
  password: ["密码", "Password"],
  code: ["验证码", "One-time code"],
  codeHint: ["手机上的六位数字，或一个恢复码", "Six digits from the telephone, or a recovery code"],
  withToken: ["用令牌登录", "Sign in with a token"],
  linkTitle: ["设置密码", "Set your password"],
  linkText: ["至少 12 个字符，可用一句话；不含用户名，不用常见密码。", "At least 12 characters, a sentence is fine; not your login, and nothing that is tried first."],
  linkMissing: ["请打开管理员给您的完整链接。", "Open the whole link that an administrator gave you."],
  newPassword: ["新密码", "New password"],
  again: ["再输一次", "Once more"],
  differ: ["两次输入不同。", "The two are not the same."],
  setPassword: ["设置密码", "Set the password"],
  passwordSet: ["密码已设置，请登录。", "The password is set; sign in with it."],
  account: ["我的账户", "My account"],
  accounts: ["账户", "Accounts"],
  changePassword: ["修改密码", "Change the password"],
  oldPassword: ["现在的密码", "Password until now"],
  changed: ["密码已修改，其他设备上的登录已结束。", "The password was changed; you are signed out everywhere else."],
  secondFactor: ["手机验证码", "Second factor"],
  factorOn: ["已启用", "in use"],
  factorOff: ["未启用", "not in use"],
  codesLeft: ["剩余恢复码", "Recovery codes left"],
  setUp: ["设置", "Set up"],
  remove: ["停用", "Remove"],
  factorText: ["用手机验证器扫描此图，或输入密钥（只显示这一次），再输入它显示的六位数字：", "Read the picture with the authenticator on your telephone, or enter this key (it is shown this once), then the six digits it shows:"],
  openApp: ["在本机的验证器中打开", "Open in an authenticator on this device"],
  confirm: ["确认", "Confirm"],
  codesText: ["恢复码只显示这一次，请抄在纸上收好；每个只能用一次。", "Recovery codes are shown this once: write them down; each works once."],
  sessions: ["登录中的设备", "Where you are signed in"],
  thisOne: ["本设备", "this one"],
  endSession: ["结束", "End"],
  addAccount: ["新建账户", "Make an account"],
  fullName: ["姓名", "Name"],
  role: ["角色", "Role"],
  onlyOffices: ["只限机构（可不填）", "Only these offices (may be left empty)"],
  officesHint: ["机构代码，用逗号分开", "codes, with commas between"],
  onlyMatters: ["只限案件（可不填）", "Only these cases (may be left empty)"],
  mattersHint: ["案号，用逗号分开", "case numbers, with commas between"],
  lastDay: ["最后一天（可不填）", "The last day (may be left empty)"],
  noSuchScope: ["没有（或不止一个）这样的机构或案件：{what}", "There is none, or more than one, of these: {what}"],
  giveRole: ["再授予角色", "Give a further role"],
  give: ["授予", "Give"],
  noRole: ["没有角色，不能登录", "No role: cannot sign in"],
  withdrawRole: ["收回", "Withdraw"],
  withdrawSure: ["收回 {who} 的“{what}”？下一次请求即生效。", "Withdraw “{what}” of {who}? It counts from the next request."],
  listed: ["、", ", "],
  make: ["新建", "Make"],
  newLink: ["新的链接", "New link"],
  disable: ["停用", "Disable"],
  enable: ["恢复", "Enable"],
  disabled: ["已停用", "disabled"],
  noPassword: ["尚未设置密码", "no password yet"],
  why: ["为什么？理由将记入账本的密匣。", "Why? The reason goes into the vault."],
  linkShown: ["一次性链接，只显示这一次，请以可信方式交给本人：", "A one-time link, shown this once; hand it to its owner:"],
  token: ["令牌", "Token"],
  qrCode: ["验证器二维码", "QR code for the telephone"],
  oidc: ["统一认证登录", "Sign in elsewhere"],
  oidcOver: ["这次登录已失效，请再试一次。", "That attempt is over; try again."],
  oidcRefused: ["统一认证未能确认您的身份。", "It was not confirmed there who you are."],
  oidcUnknown: ["您的统一认证身份未绑定可用账户，请联系管理员。", "Nobody here is bound to who you are there; ask an administrator."],
  oidcAway: ["统一认证暂时无法访问，可用密码登录。", "It cannot be reached; sign in with a password."],
  signingIn: ["正在登录…", "Signing in…"],
  signInAside: ["连续输错会暂时锁定。账户停用后，会话立即失效。", "Too many wrong attempts lock it for a while. A session ends as soon as the account does."],
  reading: ["正在读取…", "Reading…"],
  tryAgain: ["再试一次", "Try again"],
  more: ["更多", "More"],
  unreachable: ["连接不上服务器", "The server cannot be reached"],
  unreachableDetail: ["请检查网络，稍后再试。", "Check the network and try again."],
  unreadable: ["服务器的回答无法读取", "The server's answer cannot be read"],
  broken: ["页面出错", "This page has a fault"],
  findParty: ["查找当事人", "Find a party"],
  findHint: ["姓名或名称的一部分，或完整证件号码", "Part of a name, or a whole ID number"],
  find: ["查找", "Find"],
  noParty: ["没有找到这样的当事人。", "No such party was found."],
  matters: ["案件与事项", "Cases and matters"],
  noMatters: ["还没有案件。登记当事人和案件后会列在这里。", "There are no cases yet. They are listed here once they are registered."],
  party: ["当事人", "Party"],
  parties: ["当事人", "Parties"],
  noParties: ["未登记当事人", "No party registered"],
  dossier: ["一户档案", "Dossier"],
  erased: ["（已删除）", "(erased)"],
  opened: ["受理", "Opened"],
  registered: ["立案", "Registered"],
  closed: ["已办结", "Closed"],
  notRegistered: ["尚未立案，归入的音像暂不计入", "Not registered yet: footage filed here does not count as filed"],
  filings: ["音像", "Footage"],
  activities: ["执法活动", "Activities"],
  noClipsInStage: ["本环节暂无执法活动", "No activities in this stage yet"],
  noClipsInActivity: ["此活动尚未归入音像记录。", "No footage is filed to this activity yet."],
  noClipsOfParty: ["这一户还没有归入的音像记录。", "No footage is filed for this party yet."],
  clips: ["音像记录", "Footage"],
  currentStage: ["当前环节", "Current stage"],
  deviceTime: ["设备时间", "Camera time"],
  deviceTimeHint: ["执法记录仪自报的时间，未经校正", "As the camera claims; never corrected"],
  correctedTime: ["校正时间", "Corrected time"],
  correctedTimeHint: ["按对接时测得的时钟差校正；设备自报时间保持不变", "By how far the camera's clock was found to be off; what it wrote stays as it is"],
  uncertain: ["（误差未知）", "(nobody knows how sure)"],
  noDeviceTime: ["设备未报时间", "The camera gave no time"],
  part: ["片段", "Part"],
  openClip: ["打开", "Open"],
  close: ["关闭", "Close"],
  reason: ["查看理由", "Reason for viewing"],
  usualReason: ["办案需要", "Needed for the case"],
  reasonHint: ["理由与您的身份会先记入流转记录，然后才开始播放。", "Your reason and identity are recorded before anything plays."],
  view: ["记录并查看", "Record and view"],
  granting: ["正在记录…", "Recording…"],
  endsAt: ["至", "until"],
  endedAt: ["已于此时到期", "ended at"],
  download: ["记录并下载原件", "Record and download the original"],
  downloadReady: ["原件已可下载", "The original is ready"],
  saveOriginal: ["保存原件", "Save the original"],
  viewedAs: ["本次查看已记为第 {seq} 号流转记录", "This viewing is entry no. {seq}"],
  noReview: ["没有可在网页播放的查看件，可以下载原件。", "There is no copy that plays in a page; the original can be downloaded."],
  notInStore: ["尚在暂存，存入后才能查看。", "Still in the spool; it can be seen once it is in the store."],
  mayNotView: ["您的角色不能查看音像，只能查看记录与证明。", "Your role may not see footage, only records and proofs."],
  noPicture: ["浏览器无法显示这段画面（只有声音）。请换用其他浏览器，或下载原件。", "This browser cannot show the picture (there is only sound). Use another browser, or download the original."],
  cannotPlay: ["无法播放：可能是浏览器不支持、连接中断，或查看许可已过期。", "It cannot be played: not supported here, the connection broke, or the viewing is over."],
  askAgain: ["重新申请查看", "Ask again"],
  history: ["流转记录", "Custody history"],
  historyHint: ["每条都可下载证明，离线核对。", "Each can be proved offline with its downloaded proof."],
  noHistory: ["没有流转记录。", "There is no history."],
  proof: ["下载证明", "Proof"],
  proofOf: ["下载第 {seq} 号记录的证明", "Download the proof of entry {seq}"],
  entry: ["原文", "Entry"],
  entryOf: ["第 {seq} 号记录原文", "The bytes of entry {seq}"],
  digests: ["摘要与保存", "Digests and keeping"],
  size: ["大小", "Size"],
  secured: ["取得时间", "Secured"],
  retained: ["锁定至", "Locked until"],
  device: ["设备", "Camera"],
  filedTo: ["归入", "Filed to"],
  notFound: ["没有这个页面", "There is no such page"],
};

/** Say a word; {name} in it is replaced. */
export function say(key, values = {}) {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), pick(WORDS[key]));
}

/** Put facts side by side; what is missing is left out. */
export function beside(...facts) {
  return facts.filter(Boolean).join(language() === "en" ? " · " : "\u3000");
}

const CODES = {
  stage: {
    initiation: ["程序启动", "Initiation"],
    investigation: ["调查取证", "Investigation"],
    decision: ["审核决定", "Decision"],
    service: ["送达执行", "Service"],
    archiving: ["归档管理", "Archiving"],
  },
  matter: {
    inspection: ["行政检查", "Inspection"],
    advice: ["提示执法", "Advice"],
    application: ["行政许可申请", "Application"],
    complaint: ["投诉举报", "Complaint"],
    case: ["案件", "Case"],
  },
  party: {
    natural: ["自然人", "Natural person"],
    organisation: ["组织", "Organisation"],
  },
  activity: {
    acceptance: ["受理", "Acceptance"],
    advice: ["提示执法", "Advice"],
    on_site_inspection: ["现场检查", "On-site inspection"],
    inquiry: ["询问", "Inquiry"],
    evidence_collection: ["调查取证", "Collecting evidence"],
    rights_notice: ["权利告知", "Notice of rights"],
    hearing: ["听证", "Hearing"],
    coercive_measure: ["行政强制措施", "Coercive measure"],
    discussion: ["集体讨论", "Collective discussion"],
    service: ["送达", "Service"],
    lien_service: ["留置送达", "Service by leaving"],
    enforcement: ["执行", "Enforcement"],
    other: ["其他", "Other"],
  },
  media: {
    video: ["视频", "Video"],
    audio: ["录音", "Audio"],
    photo: ["照片", "Photo"],
    sidecar: ["附属文件", "Sidecar"],
    other: ["其他文件", "Other file"],
  },
  finding: {
    empty: ["空文件", "Empty file"],
    not_media: ["不是音像文件", "Not a media file"],
    unreadable: ["无法读取", "Unreadable"],
    truncated: ["不完整", "Cut off"],
    no_video: ["没有画面", "No picture"],
    duration_unknown: ["时长不明", "Length unknown"],
    salvaged: ["查看件为抢救所得", "Review copy salvaged"],
    unplayable: ["无法播放", "Not playable"],
    important: ["重点标记", "Marked important"],
    "third-party": ["第三方提供", "Handed in by a third party"],
    uploaded: ["网上传入", "Sent in over the network"],
    "sidecar-md5-equal": ["与设备自带摘要一致", "Equals the camera's digest"],
    "sidecar-md5-differs": ["与设备自带摘要不符", "Differs from the camera's digest"],
    "clock-unreadable": ["设备时间无法读取", "Camera time unreadable"],
    "clock-unset": ["设备时间未设置", "Camera clock never set"],
    "clock-rollover": ["设备时间超出范围", "Camera clock out of range"],
    "clock-future": ["设备时间在将来", "Camera time in the future"],
    "clock-ambiguous": ["设备时间有歧义", "Camera time ambiguous"],
    "clock-skipped": ["设备时间不存在", "Camera time does not exist"],
    "clock-wrong": ["设备时钟相差过大", "Camera clock wrong"],
    "clock-drift": ["设备时钟漂移过快", "Camera clock drifts"],
    "clock-jumped": ["设备时钟被改过或掉过电", "Camera clock jumped"],
    "sequence-gap": ["前后序号中断", "Numbers missing beside it"],
    "segment-missing": ["缺少相邻分段", "Part missing beside it"],
    "importance-vanished": ["重点标记消失", "Mark of importance vanished"],
  },
  state: {
    secured: ["已取得，待存入", "Secured, not stored yet"],
    deposited: ["已存入，待生成查看件", "Stored, not rendered yet"],
    rendered: ["已存入", "Stored"],
  },
  ...ACCESS_CODES,
  entry: {
    ...ACCESS_ENTRIES,
    SECURED: ["取得并固定", "Secured"],
    DEPOSITED: ["存入对象存储", "Stored"],
    DERIVED: ["生成查看件", "Review copy made"],
    FOUND: ["再次对接时的发现", "Found at a later docking"],
    ACCESSED: ["查看", "Viewed"],
    FILED: ["归入执法活动", "Filed to an activity"],
    UNFILED: ["移出执法活动", "Taken out of an activity"],
    CLEAR_AUTHORISED: ["允许清除设备", "Clearing the camera allowed"],
    CLEARED: ["设备上已清除", "Cleared from the camera"],
  },
  how: {
    password: ["密码", "password"],
    oidc: ["统一认证", "signed in elsewhere"],
    "password+totp": ["密码与验证码", "password and code"],
    "password+recovery": ["密码与恢复码", "password and recovery code"],
    changed: ["修改密码后", "after a change of password"],
    token: ["令牌", "token"],
  },
  role: {
    system: ["系统", "System"],
    dock: ["采集工作站", "Dock"],
    clerk: ["采集岗", "Dock clerk"],
    officer: ["执法人员", "Officer"],
    handler: ["承办人", "Case handler"],
    leader: ["分管负责人", "Leader in charge"],
    reviewer: ["法制审核", "Legal reviewer"],
    archivist: ["档案管理", "Archivist"],
    publicity: ["宣传联络", "Publicity liaison"],
    supervisor: ["督察", "Supervisor"],
    auditor: ["审计岗", "Auditor"],
    administrator: ["系统管理员", "System administrator"],
    security: ["安全管理员", "Security administrator"],
    audit: ["审计管理员", "Audit administrator"],
  },
};

/** Findings that are good to know, and no reason to look twice. */
export const GOOD = new Set(["important", "sidecar-md5-equal"]);

export const STAGES = Object.keys(CODES.stage);

/** Name a code; one that nobody taught us is shown as it is. */
export function name(kind, code) {
  const pair = CODES[kind]?.[code];
  return pair ? pick(pair) : code;
}

/** Write a moment of the ledger (UTC) in the time of whoever reads. */
export function moment(text) {
  /** @type {Intl.DateTimeFormatOptions} */
  const style = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false };
  return new Intl.DateTimeFormat(language() === "en" ? "en-GB" : "zh-CN", style).format(new Date(text));
}

export function day(text) {
  return new Intl.DateTimeFormat(language() === "en" ? "en-GB" : "zh-CN", { year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(text));
}

/** A camera's claim: a moment in UTC in the time of whoever reads, any other text as it was made. */
export function claim(text) {
  return text.endsWith("Z") ? moment(text) : text.replace("T", " ").replace(/([+-]\d\d:?\d\d)$/, " $1");
}

export function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] > 0 ? parts : parts.slice(1);
  return shown.map((part) => String(part).padStart(2, "0")).join(":");
}

export function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = count;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** A digest as people compare it: the first and last characters. */
export function short(digest) {
  const [algorithm, hex] = digest.split(":");
  return `${algorithm} ${hex.slice(0, 8)}…${hex.slice(-6)}`;
}
