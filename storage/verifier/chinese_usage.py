"""The Chinese of how the verifier is used."""

from __future__ import annotations

USAGE = {
    "give either a bundle or a log directory, or --proof together with --leaf": (
        "请给出导出包或账本目录，或同时给出 --proof 与 --leaf"
    ),
    "--disclosure and --snapshot belong to --proof and --leaf": "--disclosure 与 --snapshot 须与 --proof 和 --leaf 同时使用",
    "a snapshot proof: how many entries there were about a subject when that entry was made": (
        "快照证明：该记录写入时某一对象共有多少条记录"
    ),
    "values and salts that were disclosed of that entry: it must have committed to them": (
        "从该记录披露的字段值与盐值：须与记录中的承诺相符"
    ),
    "--held, --life-cycle and --tokens belong to a bundle or a log directory": (
        "--held、--life-cycle 与 --tokens 仅用于导出包或账本目录"
    ),
    "--tokens belongs to a log directory; a bundle brings its own": "--tokens 仅用于账本目录；导出包自带时间戳",
    "--tokens and --tsa-roots belong together": "--tokens 与 --tsa-roots 须同时给出",
    "Verify exported evidence or a custody ledger offline, trusting nothing but the keys you give.": (
        "离线验证导出的证据或流转账本；除您给出的密钥外，不信任任何内容。"
    ),
    (
        "Keys must reach you by another way than the log: on paper, from a court, from another office. "
        "Exit codes: 0 holds, 1 does not hold, 2 wrong use, 3 signatures could not be checked."
    ): ("密钥须经账本以外的途径取得：纸质文本、法院或其他机关。退出码：0 成立，1 不成立，2 用法错误，3 无法检查签名。"),
    "an exported bundle, or a copied log directory (checkpoint, tile/…)": ("导出包，或账本目录的副本(checkpoint、tile/…)"),
    "a .tlog-proof file, in place of a whole log": ".tlog-proof 文件(代替整个账本)",
    "the exact bytes of the entry that the proof is for": "证明所对应记录的原始字节",
    "the log's verifier key; again for a rotated one. @FROM-TO: the tree sizes it is valid for": (
        "账本的验证密钥；换过密钥的可重复给出。@起-止：该密钥有效的账本大小"
    ),
    "an SM2 key of the log that must have signed as well": "账本的 SM2 密钥，须同时签名",
    "verifier key of a witness that must have cosigned": "必须已会签的见证方的验证密钥",
    "a checkpoint that was kept elsewhere: shows rewriting and cutting": "保存在别处的检查点：可发现改写和截短",
    "the table of which entry may follow what": "规定记录先后关系的生命周期表",
    "a directory with the time-stamps that the log speaks of": "存放账本所述时间戳的目录",
    "certificates (PEM) of the authorities whose time you believe": "您信任的时间戳机构的根证书(PEM)",
    "print the steps as JSON": "以 JSON 输出各步骤",
}
