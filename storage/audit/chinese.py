"""The sentences of an audit in Chinese; a test sees to it that none is missing."""

from __future__ import annotations

__all__ = ["CHINESE"]

CHINESE = {
    # log
    "the audit cannot go on from the checkpoint it was given: {reason}": "无法从所给检查点继续审计：{reason}",
    "there is no entry: nothing was verified": "没有任何记录：未验证任何内容",
    "the tree of the first {size} entries still has the root it had": "前 {size} 条记录的根哈希与上次审计时一致",
    "entry {index}: {reason}": "记录 {index}：{reason}",
    "entry {index}: it does not hash to what was recorded beside it": "记录 {index}：与旁边登记的哈希不符",
    "entry {index}: longer than an entry may be": "记录 {index}：超过允许的长度",
    "entry {index}: there is no such number": "记录 {index}：编号不应存在",
    "{reason}": "{reason}",
    "believed under the roots that the office itself has set": "按本机构自己设置的根证书采信",
    "snapshots count everything before them, so only a whole audit counts them again": (
        "快照统计其之前的全部记录，只有完整审计才会重新统计"
    ),
    "{count} certificates of officers were erased: what they signed cannot be checked any more": (
        "{count} 份执法人员证书已被抹除：其签名无法再核验"
    ),
    # clearings
    "entry {index}: nobody outside cosigned the checkpoint of {size} entries it names": (
        "记录 {index}：所引 {size} 条的检查点没有外部会签"
    ),
    # heads
    "there is no checkpoint: nothing is signed": "没有检查点：没有任何内容经过签名",
    "{count} entries are not signed yet": "{count} 条记录尚未签名",
    "checkpoint {size}: {reason}": "检查点 {size}：{reason}",
    "checkpoint {size}: the stored entries do not have the root it signs": "检查点 {size}：现存记录的根哈希与其签名内容不符",
    "no rollback lock is set": "未设置防回滚锁",
    "the rollback lock cannot be reached: {reason}": "无法读取防回滚锁：{reason}",
    # held
    "no older checkpoint was brought: whether the ledger was rewritten as a whole does not show here": (
        "未带来更早的检查点：账本是否被整体改写，此处无从得知"
    ),
    "{name}: {reason}": "{name}：{reason}",
    "the ledger continues the checkpoints that were brought; the largest covers {size} entries": (
        "账本延续了带来的各检查点，其中最大的涵盖 {size} 条记录"
    ),
    "{name}: its {size} entries were lost; an entry RECOVERED of this ledger says so itself": (
        "{name}：所涵盖的 {size} 条记录已部分丢失，账本中的 RECOVERED 记录自己承认了这一点"
    ),
    "{name}: it covers {size} entries, of which {stored} are there: the ledger was cut or put back": (
        "{name}：涵盖 {size} 条记录，现只有 {stored} 条：账本被截短或被换回旧备份"
    ),
    "{name}: other entries than these {size} were signed before: the ledger was forked or rewritten": (
        "{name}：此前签名的 {size} 条记录与现存不同：账本被分叉或改写"
    ),
    # witnesses
    "no key was brought from outside: nobody but the office vouches for this ledger": (
        "未带来外部公钥：除本机构外无人为此账本作证"
    ),
    "the office names no witness outside": "本机构未登记外部见证方",
    "by the office's own list of witnesses {size} entries are held outside; that list proves nothing": (
        "按本机构自己登记的见证方，{size} 条记录已在外部锚定；该名单本身不能作为证明"
    ),
    "the ledger is signed with another key than the one that was brought: {vkey}": "账本所用签名密钥与带来的公钥不同：{vkey}",
    "the policy that was brought asks for nobody: it anchors nothing": "带来的策略不要求任何见证方：不能锚定任何内容",
    "of the keys that were brought, those the office itself calls its own do not count": (
        "带来的公钥中，本机构自称属于自己的不计入"
    ),
    "{by} vouch for {size} of {all} entries": "{by} 为 {all} 条记录中的 {size} 条作证",
    "none of the keys that were brought vouches for a head of this ledger": "带来的公钥中没有一个为此账本作证",
    # life-cycle
    "entry {index}: what it says cannot be followed": "记录 {index}：内容无法解读",
    # tiles
    "tile {level}/{index}: missing": "瓦片 {level}/{index}：缺失",
    "tile {level}/{index}: it does not hold the hashes of what is below it": "瓦片 {level}/{index}：与其下层的哈希不符",
    "tile {level}/{index}: no signed head has such a tile": "瓦片 {level}/{index}：任何已签名的检查点都没有此瓦片",
    "so few entries are new that no tile has become full (one holds {width})": "新增记录还不够填满一个瓦片（{width} 条）",
    # catalog
    "the catalog has the shape of another version of this program; 'yihu rebuild' makes it again": (
        "目录属于本程序的另一版本，请用 yihu rebuild 重建"
    ),
    "{table} {key} {column}: live {live}, by the ledger {replayed}": "{table} {key} {column}：现为 {live}，账本为 {replayed}",
    "{count} subjects have too long a history: only their new entries were replayed": (
        "{count} 个对象的历史过长：只重放了其新记录"
    ),
    # objects
    "{subject}: {reason}": "{subject}：{reason}",
    "there is no object to look at": "没有可检查的对象",
    "{segments} segments were read and compared": "已读取并比对 {segments} 个分段",
    "{name}: a delete marker hides it": "{name}：被删除标记遮盖",
    "{name} version {version}: no entry speaks of it": "{name} 版本 {version}：没有任何记录提到它",
    "{count} canaries were passed over": "略过 {count} 个试探对象",
    "{count} objects are of clips that are just being deposited": "{count} 个对象属于正在存入的记录",
    "{count} objects are of clips of other offices, or of nobody: this store is shared": (
        "{count} 个对象属于其他机构的记录或无主：此存储为共用"
    ),
    # configuration
    "the tables are those of another version of this program": "数据表属于本程序的另一版本",
    "a trigger that keeps recorded rows from being changed or deleted is missing or switched off": (
        "防止修改或删除已登记内容的触发器缺失或被关闭"
    ),
    "store: {grade}": "存储：{grade}",
    "our key may not look at the settings of the buckets: have the store's owner look at them": (
        "本机构的密钥无权查看存储桶设置，请存储管理方查看"
    ),
    "rollback lock: {place}": "防回滚锁：{place}",
    "the rollback lock lies on the same disk as the database: who puts back that disk puts back both": (
        "防回滚锁与数据库在同一块磁盘上：恢复该磁盘会同时恢复两者"
    ),
    "this program ({now}) is not the one whose start was recorded last (entry {index}: {recorded})": (
        "本程序（{now}）不是最近一次登记启动的程序（记录 {index}：{recorded}）"
    ),
    # what was left out
    "{count} more, not listed": "另有 {count} 项未列出",
    "entries before {since} were not read again: only that their stored hashes have the root that was audited": (
        "编号 {since} 之前的记录未重新读取：只核对了其哈希的根与上次审计一致"
    ),
    "checkpoints, cosignatures, time-stamps and tiles of those entries": "这些记录的检查点、会签、时间戳和瓦片",
    "rows of the catalog and objects of everything that no new entry is about, figures that count other entries, "
    "rows that no entry speaks of, and objects of no clip": (
        "没有新记录涉及的目录行和对象、统计其他记录的数字、没有记录提到的目录行，以及不属于任何音像记录的对象"
    ),
    "what was not drawn: {percent} % of each clip were read; one damaged segment is found with {percent} %": (
        "未抽中的部分：每个记录读取 {percent}% 的分段，单个损坏分段被发现的概率为 {percent}%"
    ),
    "what was not drawn: {segments} segments of each clip were read, which finds damage of 1 % of a clip with {one} %, "
    "of 10 % with {ten} % (1 - (1 - f)^k)": (
        "未抽中的部分：每个记录读取 {segments} 个分段，损坏 1% 时被发现的概率为 {one}%，损坏 10% 时为 {ten}%（1 - (1 - f)^k）"
    ),
    "the bytes of derivatives: only what the store says of their size, digests and lock": (
        "派生件的内容：只核对了存储所说的大小、摘要和锁定"
    ),
}
