"""The Chinese of what is said about an exported bundle."""

from __future__ import annotations

BUNDLES = {
    "{path}: another file has this name but for capitals": "{path}：另有仅大小写不同的同名文件",
    "more than {most} files": "文件超过 {most} 个",
    "{path}: changed while it was read": "{path}：读取期间被改动",
    "{path}: not a declaration of BagIt 1.0 with UTF-8": "{path}：不是 BagIt 1.0、UTF-8 的声明",
    "{path}: a line is not a SHA-256, two spaces and a plain name, ended by a line feed": (
        "{path}：有一行不是“SHA-256、两个空格、普通文件名、换行”的形式"
    ),
    "{path}: a name is listed twice or out of order": "{path}：文件名重复列出或次序不对",
    "{path}: not listed in {name}": "{path}：未列入 {name}",
    "{path}: listed in {name} and not there": "{path}：{name} 中列出，但文件不存在",
    "{path}: a line is not a label, a colon, a space and a value": "{path}：有一行不是“标签、冒号、空格、值”的形式",
    "{path}: expected {expected!r}": "{path}：应为 {expected!r}",
    "{path}: an empty directory, or one too deep inside others": "{path}：空目录，或目录层级过深",
    "{path!r}: not a plain name": "{path!r}：不是普通文件名",
    "{path}: expected SHA-256 {expected}, found {found}": "{path}：SHA-256 应为 {expected}，实为 {found}",
    "{path}: a bundle has no such file": "{path}：导出包不应有此文件",
    "{path}: not a plain proof of this entry under the checkpoint of the bundle": ("{path}：不是此条记录在本包检查点下的证明"),
    "{path}: not a segment manifest of its size": "{path}：不是与其大小相符的分段摘要表",
    "{clip}: its entries do not say once what was secured and deposited": ("{clip}：其流转记录没有唯一地说明采集和存储的内容"),
    "{clip}: expected its entries and one original, found {found} originals": (
        "{clip}：应有其流转记录和一个原始文件，实有 {found} 个原始文件"
    ),
    "{path}: these are not the bytes that were secured": "{path}：不是当初采集的内容",
    "{path}: not the segment manifest that the entries name": "{path}：不是流转记录所指的分段摘要表",
    "{path}: its digests are not those of the original": "{path}：分段摘要与原始文件不符",
    "{path}: not the BLAKE3 of the originals, one a line": "{path}：不是各原始文件的 BLAKE3(每行一个)",
    "consistency: not a line 'old SIZE' and at most 63 hashes, each ended by a line feed": (
        "一致性证明：不是“old 大小”一行加至多 63 个哈希、每行以换行结束的形式"
    ),
    "consistency size": "一致性证明的大小",
    "{path}: not the head of that size": "{path}：不是该大小的检查点",
    "{path}: not the proof from that size": "{path}：不是从该大小开始的证明",
    "a head of {held} entries cannot be compared: the bundle has no proof from it; ask the office for one": (
        "无法比对 {held} 条记录的检查点：导出包没有从它开始的一致性证明，请向机关索取"
    ),
    "{count} originals, {total} bytes; BLAKE3 not checked: no package 'blake3'": (
        "{count} 个原始文件，共 {total} 字节；未检查 BLAKE3：没有软件包 blake3"
    ),
    "{count} originals, {total} bytes, by SHA-256, BLAKE3 and segments": (
        "{count} 个原始文件，共 {total} 字节，SHA-256、BLAKE3 及分段均相符"
    ),
    "{count} entries follow the life cycle that the bundle names": "{count} 条记录符合导出包自带的生命周期表",
    "the bundle has a proof for who holds an older head; none was given": (
        "导出包附有供旧检查点持有人使用的证明；未给出旧检查点"
    ),
    "{count} time-stamps say that all this existed at {time}; no roots were given, so nobody is believed": (
        "{count} 个时间戳称本包内容在 {time} 已全部存在；未给出根证书，故不采信任何机构"
    ),
    "{count} time-stamps under the given roots: all this existed at {time}": (
        "{count} 个时间戳，均由所给根证书之下的机构签发：本包内容在 {time} 已全部存在"
    ),
    "{path}: is not the time-stamp it names": "{path}：不是其文件名所指的时间戳",
    "{path}: is older than entry {index}": "{path}：早于第 {index} 条记录",
    "timestamps": "时间戳",
    "{count} entries; disclosed: {names}": "{count} 条记录；披露的字段：{names}",
    "{count} entries under the signed root": "{count} 条记录均在已签名的树根之下",
    "{subjects} subjects, each linked from its first entry on; what came later is not shown": (
        "{subjects} 个对象，均自首条记录起连续；此后的记录不在证明之列"
    ),
}
