"""The Chinese of everything the verifier says, by its English template. A test holds that nothing is missing."""

from __future__ import annotations

from .chinese_bundles import BUNDLES
from .chinese_clearings import CLEARINGS
from .chinese_usage import USAGE

CHINESE = {
    **BUNDLES,
    **CLEARINGS,
    **USAGE,
    # what the program says
    "ok": "通过",
    "WRONG": "不通过",
    "NOT CHECKED": "未检查",
    "{number}. {name}: {verdict}. {detail}": "{number}. {name}：{verdict}。{detail}",
    "nothing was checked": "未检查任何内容",
    "{first} (the first of {count})": "{first}(共 {count} 处，此为第一处)",
    "-": "-",
    "{root}": "{root}",
    "signature": "签名",
    "witnesses": "见证",
    "sm2": "国密签名",
    "keys": "密钥",
    "files": "文件",
    "entries": "流转记录",
    "order": "次序",
    "life cycle": "生命周期",
    "tiles": "哈希瓦片",
    "root": "树根",
    "manifests": "采集清单",
    "held": "外存检查点",
    "times": "时间",
    "tokens": "时间戳",
    "bag": "导出包",
    "history": "流转历史",
    "media": "原始文件",
    "entry": "流转记录",
    "place": "位置",
    "inclusion": "包含证明",
    "disclosure": "披露",
    "entry {index} committed to {names}": "第 {index} 条记录确已承诺：{names}",
    "snapshot": "快照",
    "snapshots": "快照",
    "{count} snapshots count rightly": "{count} 个快照计数无误",
    "before entry {index} there is none about {subject}": "第 {index} 条记录之前，没有关于 {subject} 的记录",
    "before entry {index} there are {count} about {subject}, the last is {last}": (
        "第 {index} 条记录之前，关于 {subject} 的记录共 {count} 条，最后一条为第 {last} 条"
    ),
    "{origin}, {size} entries, signed by its own key": "{origin}，共 {size} 条记录，已由其自身密钥签名",
    (
        "{origin}, {size} entries, signed by a key that was not given: followed {count} rotations in the log. "
        "Whoever stole a key before them could have forged them after the last head that somebody else holds"
    ): (
        "{origin}，共 {size} 条记录，签名密钥未经给出：系沿账本中 {count} 次换钥记录得到。"
        "窃得此前密钥者，可在他人所存最后一个检查点之后伪造这些换钥记录"
    ),
    "{count} entries about keys; in force (rotations followed): {names}": (
        "{count} 条密钥记录；有效密钥(所经换钥次数)：{names}"
    ),
    "signed with SM2 by {names}": "已由 SM2 密钥 {names} 签名",
    "cosigned by {names}": "已由 {names} 会签",
    "{count} files, none missing, none too many": "{count} 个文件，不缺不多",
    "{count} entries read": "已读取 {count} 条记录",
    "{count} entries in unbroken order": "{count} 条记录次序连续",
    "{count} entries follow the life cycle": "{count} 条记录符合生命周期",
    "{count} entries of docks are signed rightly": "{count} 条采集站记录签名正确",
    "{count} hash tiles match": "{count} 个哈希瓦片相符",
    "sizes {sizes} are earlier heads of this log": "大小为 {sizes} 的检查点是本账本的早期状态",
    "claimed times lie within the bounds of {count} time-stamps up to {time}": (
        "各条记录的时间均在 {count} 个时间戳所限定的范围内，最后一个为 {time}"
    ),
    "{count} time-stamps were given by an authority under the given roots": "{count} 个时间戳确由所给根证书下的机构签发",
    "entry {index}: {subject}": "第 {index} 条记录：{subject}",
    "VERIFIED: everything holds, and somebody outside the office vouches for it.": (
        "验证通过：全部成立，且有机关以外的一方作证。"
    ),
    "INTERNALLY CONSISTENT: everything holds together, but only the office's own key vouches for it.": (
        "内部一致：各部分相互吻合，但仅有机关自身的密钥作证。"
    ),
    "INTERNALLY CONSISTENT: everything holds together, and somebody outside the office vouches for all but the last {tail} "
    "entries; for those only the office's own key does.": (
        "内部一致：各部分相互吻合；除最后 {tail} 条外有机关以外的一方作证，这 {tail} 条仅有机关自身的密钥作证。"
    ),
    "NOT VERIFIED: do not rely on this.": "验证未通过：不得采信。",
    "NOT VERIFIED: signatures could not be checked; install the Python package named above and repeat.": (
        "未完成验证：无法检查签名；请安装上面所列的 Python 软件包后重新运行。"
    ),
    # JSON and leaves
    "JSON: a string holds half of a surrogate pair": "JSON：字符串含不成对的代理项",
    "JSON: not parsable ({reason})": "JSON：无法解析({reason})",
    "JSON: not in canonical form (doubled key, white space, escape, order or number format)": (
        "JSON：不是规范形式(重复的键、空白、转义、顺序或数字写法)"
    ),
    "JSON: nested deeper than {deepest} levels": "JSON：嵌套超过 {deepest} 层",
    "JSON: a value of type {kind}; expected string, integer, boolean, null, array or object": (
        "JSON：值的类型为 {kind}；应为字符串、整数、布尔值、空值、数组或对象"
    ),
    "JSON: an integer beyond ±(2^53 - 1)": "JSON：整数超出 ±(2^53 - 1)",
    "JSON: the object key {key!r} is not an ASCII string": "JSON：对象的键 {key!r} 不是 ASCII 字符串",
    "leaf: a key is missing or unknown": "记录：缺少键或含未知的键",
    "leaf: written for another version of this format": "记录：格式版本不符",
    "leaf: {key!r} cannot be {value}": "记录：{key!r} 不能是 {value}",
    "commitment to {field}: expected a salt of 32 bytes, found {found}": "{field} 的承诺：盐值应为 32 字节，实为 {found} 字节",
    # disclosures
    "disclosure: a key is missing or unknown": "披露文件：缺少键或含未知的键",
    "disclosure: written for another version of this format": "披露文件：格式版本不符",
    "disclosure: {key!r} cannot be {value}": "披露文件：{key!r} 不能是 {value}",
    "disclosure: is of entry {found} of {log}, not of entry {index}": (
        "披露文件：属于 {log} 的第 {found} 条记录，不是第 {index} 条"
    ),
    "disclosure: entry {index} has no field {field}": "披露文件：第 {index} 条记录没有字段 {field}",
    "disclosure: entry {index} does not commit to this value of {field}": (
        "披露文件：第 {index} 条记录承诺的 {field} 不是这个值"
    ),
    # snapshots
    "entry {index}: the snapshot is not that of the entries before it": "第 {index} 条记录：快照与其之前的记录不符",
    "entry {index}: not a snapshot of the entries before it": "第 {index} 条记录：不是对其之前记录的快照",
    "snapshot: a key is missing or unknown": "快照证明：缺少键或含未知的键",
    "snapshot: written for another version of this format": "快照证明：格式版本不符",
    "snapshot: {key!r} cannot be {value}": "快照证明：{key!r} 不能是 {value}",
    "snapshot: is of entry {found} of {log}, not of entry {index}": (
        "快照证明：属于 {log} 的第 {found} 条记录，不是第 {index} 条"
    ),
    "snapshot: the rows do not show that there is nothing about {subject}": (
        "快照证明：所给各行不能证明没有关于 {subject} 的记录"
    ),
    # keys, notes, checkpoints
    "{what}: not canonical base64": "{what}：不是规范的 base64",
    "{what}: {text!r} is not a plain decimal number": "{what}：{text!r} 不是普通的十进制数",
    "key name {name!r}: expected visible ASCII characters without space and plus": (
        "密钥名 {name!r}：应为可见 ASCII 字符，不含空格和加号"
    ),
    "key {name}: expected an Ed25519 key of type 1 or 4, found type {algorithm} and {length} bytes": (
        "密钥 {name}：应为类型 1 或 4 的 Ed25519 密钥，实为类型 {algorithm}、{length} 字节"
    ),
    "key {name}: a degenerate Ed25519 key that would accept forged signatures": (
        "密钥 {name}：退化的 Ed25519 密钥，会接受伪造的签名"
    ),
    "key {name}: its key id does not belong to its name and material": "密钥 {name}：标识与名称、内容不符",
    "the Python package 'cryptography' is missing: signatures cannot be checked": (
        "缺少 Python 软件包 cryptography：无法检查签名"
    ),
    "the Python package 'gmssl_pyx' is missing: SM2 signatures cannot be checked": (
        "缺少 Python 软件包 gmssl_pyx：无法检查 SM2 签名"
    ),
    "key {name}: expected a point of the SM2 curve": "密钥 {name}：应为 SM2 曲线上的点",
    "key {name}: not an SM2 key": "密钥 {name}：不是 SM2 密钥",
    "not signed by the SM2 key {name}": "没有 SM2 密钥 {name} 的签名",
    "the signature of {name} is wrong": "{name} 的签名不正确",
    "expected keys of one log, found {names}": "应为同一账本的密钥，实为 {names}",
    "no key that was given is valid at {size} entries": "所给密钥在 {size} 条记录处均无效",
    "rotation: expected different keys of the log {origin}": "换钥：应为账本 {origin} 的不同密钥",
    "rotation: an overlap of {overlap} entries, expected at least {least}": (
        "换钥：重叠 {overlap} 条记录，至少应为 {least} 条"
    ),
    "rotation: not a handing over of a key": "换钥：不是有效的密钥交接",
    "entry {index}: signed by {dock}, which has no key": "第 {index} 条记录：由 {dock} 签名，而该采集站没有密钥",
    "entry {index}: not signed by its dock {dock}": "第 {index} 条记录：没有采集站 {dock} 的签名",
    "entry {index}: signed by the key {found}, the dock has {expected}": (
        "第 {index} 条记录：由密钥 {found} 签名，而采集站的密钥为 {expected}"
    ),
    "entry {index}: no key of {dock}": "第 {index} 条记录：不是 {dock} 的密钥",
    "entry {index}: hands over a key at {size} entries, which are not there yet": (
        "第 {index} 条记录：所交接的密钥依据 {size} 条记录，而此时尚无这么多"
    ),
    "entry {index}: {type} without its text": "第 {index} 条记录：{type} 缺少正文",
    "a key was handed over at {size} entries of another history": "密钥交接所依据的 {size} 条记录属于另一段历史",
    "overlap": "重叠",
    "note: expected a text, an empty line and 1 to {most} signature lines": "签名文本：应为正文、一个空行和 1 至 {most} 行签名",
    "note: the same key signed twice": "签名文本：同一密钥签名两次",
    "note: not signed by {expected}": "签名文本：没有 {expected} 的签名",
    "note: a control character": "签名文本：含控制字符",
    "note: not valid UTF-8": "签名文本：不是有效的 UTF-8",
    "note: {line!r} is not a signature line": "签名文本：{line!r} 不是签名行",
    "note: a signature of {length} bytes": "签名文本：签名仅 {length} 字节",
    "checkpoint of {origin}: no tree of {size} entries has this root": "{origin} 的检查点：大小为 {size} 的树没有这样的树根",
    "checkpoint: expected exactly three lines, found {found}": "检查点：应恰为三行，实为 {found} 行",
    "checkpoint: no key was given for the log {origin}": "检查点：没有给出账本 {origin} 的密钥",
    "checkpoint: of the log {found}, expected {expected}": "检查点：属于账本 {found}，应为 {expected}",
    "not cosigned by {name}": "没有 {name} 的会签",
    "checkpoint root": "检查点的树根",
    "checkpoint size": "检查点的大小",
    "extra data": "附加数据",
    "key material": "密钥内容",
    "proof hash": "证明中的哈希",
    "proof index": "证明的序号",
    # trees and proofs
    "consistency": "一致性证明",
    "frontier of {size} leaves: expected {expected} hashes of 32 bytes, found {found}": (
        "{size} 条记录的树缘：应有 {expected} 个 32 字节的哈希，实有 {found} 个"
    ),
    "inclusion: entry {index} cannot be in a tree of {size}": "包含证明：第 {index} 条记录不可能在大小为 {size} 的树中",
    "inclusion of entry {index} in {size}: the path leads to another root": (
        "第 {index} 条记录(共 {size} 条)的包含证明：路径通向另一个树根"
    ),
    "consistency: a tree of {old} cannot have grown to {new}": "一致性证明：大小为 {old} 的树不可能增长为 {new}",
    "consistency: {old} and {new} entries, another root": "一致性证明：{old} 与 {new} 条记录，树根不同",
    "consistency: the path leads to another root at {size}": "一致性证明：路径在大小 {size} 处通向另一个树根",
    "proof: expected hashes of 32 bytes, found one of {found}": "证明：哈希应为 32 字节，有一个为 {found} 字节",
    "{what}: a path of {found} hashes has the wrong length": "{what}：{found} 个哈希的路径长度不对",
    "proof: the first line is not {expected}": "证明：首行不是 {expected}",
    "proof: a path of {found} hashes": "证明：路径有 {found} 个哈希，过长",
    "proof: no line {expected!r}": "证明：缺少 {expected!r} 行",
    # files
    "tile: there is none of level {level}, index {index}, width {width}": (
        "瓦片：没有层 {level}、序号 {index}、宽 {width} 的瓦片"
    ),
    "bundle: entry {number} is cut off": "记录包：第 {number} 条记录被截断",
    "{path!r} is not the name of a tile": "{path!r} 不是瓦片文件名",
    "{path}: cannot be read ({reason})": "{path}：无法读取({reason})",
    "{path}: longer than {limit} bytes": "{path}：超过 {limit} 字节",
    "{path}: not valid UTF-8": "{path}：不是有效的 UTF-8",
    "{path}: expected {expected} bytes, found {found}": "{path}：应为 {expected} 字节，实为 {found} 字节",
    "{path}: expected {expected} entries, found {found}": "{path}：应有 {expected} 条记录，实有 {found} 条",
    "{path}: missing": "{path}：缺失",
    "{path}: a tree of {size} entries has no such file": "{path}：{size} 条记录的账本没有此文件",
    "{path}: is not the beginning of {now}": "{path}：不是 {now} 的开头部分",
    "{path}: not a plain file": "{path}：不是普通文件",
    "{path}: does not match the entries below it": "{path}：与其下的记录不符",
    # the history
    "entry {index}: {reason}": "第 {index} 条记录：{reason}",
    "entry {index}: says it is number {found} of {log}": "第 {index} 条记录：自称是 {log} 的第 {found} 条",
    "entry {index}: does not link to the last entry of {subject}": "第 {index} 条记录：没有连接到 {subject} 的上一条记录",
    "entry {index}: the clock went back by {back} ms, and the entry says {said}": (
        "第 {index} 条记录：时钟倒退了 {back} 毫秒，而记录称 {said} 毫秒"
    ),
    "entry {index}: {type} may not follow when {subject} is {state!r}": (
        "第 {index} 条记录：{subject} 处于 {state!r} 时不得出现 {type}"
    ),
    # time-stamps
    "time-stamp: not strict DER": "时间戳：不是严格的 DER 编码",
    "time-stamp: not of the form of RFC 3161": "时间戳：不符合 RFC 3161 的格式",
    "time-stamp: the authority refused with status {status} ({reason})": "时间戳：机构拒绝，状态 {status}({reason})",
    "time-stamp: its imprint is not the SHA-256 of the checkpoint": "时间戳：其摘要不是该检查点的 SHA-256",
    "time-stamp: its nonce is not the one of the request": "时间戳：其随机数与请求不符",
    "time-stamp: the certificate of its signer is not in it": "时间戳：其中没有签名者的证书",
    "time-stamp: the roots are not certificates in PEM": "时间戳：所给根证书不是 PEM 格式的证书",
    "time-stamp: its signature or chain does not hold under the given roots ({reason})": (
        "时间戳：其签名或证书链在所给根证书下不成立({reason})"
    ),
    "the Python package 'rfc3161-client' is missing: time-stamps cannot be checked here; 'openssl ts -verify' can": (
        "缺少 Python 软件包 rfc3161-client：此处无法检查时间戳，可用 openssl ts -verify 检查"
    ),
    "entry {index}: not what an entry TIMESTAMPED holds": "第 {index} 条记录：不是 TIMESTAMPED 记录应有的内容",
    "entry {index}: says that {size} entries were stamped, which did not exist yet": (
        "第 {index} 条记录：声称对 {size} 条记录加盖时间戳，而当时尚不存在这么多记录"
    ),
    "entry {index}: the clock was set back by {back} ms to {at}; {time} was stamped before, in entry {stamp}": (
        "第 {index} 条记录：时钟被拨回 {back} 毫秒至 {at}，早于此前第 {stamp} 条记录的时间戳 {time}"
    ),
    "entry {index}: claims {at}, but comes after entry {stamp}, in which {time} was stamped": (
        "第 {index} 条记录：自称时间为 {at}，却排在第 {stamp} 条记录(时间戳 {time})之后"
    ),
    "entry {index}: claims {at}, but was stamped at {time} already, says entry {stamp}": (
        "第 {index} 条记录：自称时间为 {at}，但据第 {stamp} 条记录，它在 {time} 已被加盖时间戳"
    ),
    "entry {index}: stamps {size} entries at {time}, which goes back behind entry {stamp}": (
        "第 {index} 条记录：{time} 对 {size} 条记录的时间戳倒退到第 {stamp} 条记录之前"
    ),
    "entry {index}: what was stamped is not the tree of the first {size} entries": (
        "第 {index} 条记录：被加盖时间戳的不是前 {size} 条记录的树"
    ),
    "entry {index}: the file {path} is not the time-stamp it names": "第 {index} 条记录：文件 {path} 不是它所指的时间戳",
    "entry {index}: says something else than its time-stamp": "第 {index} 条记录：内容与其时间戳不一致",
    "life cycle: not a table of moves": "生命周期：不是有效的规则表",
    "only {found} of {expected} entries could be read": "{expected} 条记录中只能读取 {found} 条",
    "the entries do not hash to the root of the checkpoint": "记录的哈希与检查点的树根不符",
    "a head of {held} entries was held elsewhere, the log has only {size}: it was cut": (
        "别处保存的检查点有 {held} 条记录，而账本只有 {size} 条：账本被截短"
    ),
    "the log does not continue the head of {held} entries that was held elsewhere: it was rewritten": (
        "账本与别处保存的 {held} 条记录的检查点不连续：账本被改写"
    ),
}
