// What is said about access; `words.js` has it among its own.

export const ACCESS_WORDS = {
  wholeScreen: ["全屏", "Whole screen"],
  requests: ["查看申请", "Requests"],
  alarms: ["大量查看", "Bulk access"],
  alarmsText: ["同一账户短时间内打开很多音像时告警，每段时间一条，已入账。", "An alarm comes, once a while, when one account opens very many clips; each is an entry."],
  alarmSays: ["打开了 {clips} 个音像（超过 {most} 个即告警）", "{clips} clips were opened (more than {most} raise the alarm)"],
  noAlarms: ["没有告警。", "No alarms."],
  waitingForMe: ["待我审批", "Waiting for me"],
  toCase: ["看案件", "See the case"],
  decided: ["已决定", "Decided"],
  myRequests: ["我的申请", "My requests"],
  noneWaiting: ["没有待审批的申请。", "Nothing waits for you."],
  noneMine: ["没有申请。", "You asked for nothing."],
  askAccess: ["申请批准", "Ask for approval"],
  requestSent: ["申请已记录：", "Your request is recorded:"],
  decisionReason: ["理由（入密匣）", "Why (goes into the vault)"],
  hours: ["小时", "hours"],
  until: ["至", "until"],
  approved: ["批准", "Approve"],
  denied: ["不批准", "Deny"],
  withdrawn: ["撤回", "Withdraw"],
  wantCopy: ["要带水印的副本", "A watermarked copy"],
  copyComing: ["正在制作副本，画面中写有您的姓名和时间…", "The copy is being made, with your name and the time in the picture…"],
  copyReady: ["副本已就绪", "The copy is ready"],
  copyFailed: ["无法制作副本。", "No copy could be made."],
  saveCopy: ["保存副本", "Save the copy"],
  fetchCopy: ["取副本（每次记一条查看）", "Fetch it (an entry each time)"],
  reasonOfCase: ["可不填：以本案为理由", "May be left empty: this case is the reason"],
};

export const ACCESS_CODES = {
  request: {
    requested: ["待审批", "waiting"],
    approved: ["已批准", "approved"],
    over: ["已到期", "over"],
    denied: ["未批准", "denied"],
    withdrawn: ["已撤回", "withdrawn"],
  },
  wanted: { review: ["查看件", "review copy"], original: ["原件", "original"] },
};

export const ACCESS_ENTRIES = {
  WATCHED: ["查看结束", "Watched"],
  ACCESS_REQUESTED: ["申请查看", "Access requested"],
  ACCESS_APPROVED: ["批准查看", "Access approved"],
  ACCESS_DENIED: ["未批准查看", "Access denied"],
  ACCESS_WITHDRAWN: ["撤回查看", "Access withdrawn"],
  COPY_ASKED: ["要求副本", "Copy asked for"],
  COPY_MADE: ["制成副本", "Copy made"],
  COPY_FAILED: ["副本未制成", "Copy failed"],
  COPY_REMOVED: ["副本已清除", "Copy removed"],
};
