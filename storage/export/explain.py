"""``VERIFY.md``: what whoever opens a bundle reads first, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Told", "explanation"]


@dataclass(frozen=True, slots=True)
class Told:
    """What differs from one bundle to the next."""

    export: str
    log: str
    size: int
    is_outside: bool
    clips: int
    entries: int


_TEXT = """\
# 如何核验 How to verify

导出编号 Export `{export}`：原始文件 {clips} 个 originals，账本记录 {entries} 条 entries，
账本 log `{log}`，检查点 checkpoint {size}。

{outside}

## 1. 公钥 The key

账本公钥必须另途取得（纸质文书、法院、其他机关），**不能**取自本包。下文写作 `KEY`，见证方公钥写作 `WITNESS`。
The log's verifier key must reach you by another way than this bundle: on paper, from a court, from another office. It is called
`KEY` below, and the key of a witness `WITNESS`. 换过密钥的，每个都用 `--vkey` 给出。
Where the log changed its key, give each by a `--vkey` of its own.

## 2. 一条命令 One command

```sh
pip install cryptography blake3
python3 verify.pyz . --vkey 'KEY' --witness 'WITNESS'
```

退出码 0 成立；1 不成立；2 用法错误；3 无法检查签名。本包中的 `verify.pyz` 只是方便；可向机关或公开源码另取一份，逐字节相同。
Exit code 0 holds, 1 does not, 2 wrong use, 3 signatures could not be checked. The `verify.pyz` in here is a convenience: take
one from elsewhere (`yihu export --verifier FILE`, or the published source); the same version is the same file, byte for byte.

## 3. 用别人的工具 With other people's tools

```sh
sha256sum -c --quiet manifest-sha256.txt tagmanifest-sha256.txt   # 文件完整 the files
(cd data && b3sum --check media.b3)                               # 原始文件 the originals
```

`data/timestamps/SIZE-….tsr`（如有）是时间戳机构（RFC 3161）的答复：本包内容在其时间之前已全部存在。被加盖的是检查点的三行正文。
A `data/timestamps/SIZE-….tsr`, where there is one, is the reply of a time-stamping authority: everything in here existed before
its time. What was stamped are the three lines of the checkpoint of that SIZE (without zeros in front):

```sh
head -n 3 data/log/heads/SIZE > head.txt      # 若无此文件则用 data/log/checkpoint where there is none: data/log/checkpoint
openssl ts -verify -data head.txt -in data/timestamps/SIZE-….tsr -CAfile roots.pem
```

根证书 `roots.pem` 也须另途取得；`verify.pyz` 用 `--tsa-roots roots.pem`（另需 `pip install rfc3161-client`）。
The roots, too, must reach you by another way; `verify.pyz` takes them as `--tsa-roots roots.pem`, with that package installed.

`data/proofs/N.tlog-proof` 是 C2SP tlog-proof@v1，证明 `data/entries/N.json` 的原始字节在账本中；任何支持该格式的工具均可核验。
Each `data/proofs/N.tlog-proof` is a C2SP tlog-proof@v1 for the exact bytes of `data/entries/N.json`; any tool that reads that
format can verify it. `SECURED` 记录含原始文件的 SHA-256 与 BLAKE3。The entry `SECURED` of a clip names its SHA-256 and BLAKE3.

## 4. 证明什么，不证明什么 What it proves, and what not

* 每个原始文件与采集时逐字节相同；每个对象的流转记录自第一条起连续。
  Each original is byte for byte what was secured; the history of each subject is whole from its first entry on.
* 不证明此后没有新的记录，不证明录入内容属实，也不证明摄像机交出了全部内容。
  Not that nothing was recorded later, not that what was entered is true, not that the camera gave everything.
"""

_OUTSIDE = """\
检查点已由机关以外的见证方会签：机关自己也无法再改动这些记录。
Witnesses outside the office cosigned the checkpoint: not even the office can change these entries any more."""

_ALONE = """\
**注意：未经外部见证。** 本次导出使用了 `--unanchored`：检查点仅有机关自身的签名，机关仍可能改写。
账本中的 EXPORTED 记录也注明了这一点。
**Not held outside.** This export was made with `--unanchored`: only the office's own key vouches for the checkpoint, so
the office could still rewrite these entries. The entry EXPORTED in the ledger says so too."""


def explanation(told: Told) -> bytes:
    """Return the text of ``VERIFY.md``."""
    outside = _OUTSIDE if told.is_outside else _ALONE
    text = _TEXT.format(
        export=told.export, log=told.log, size=told.size, clips=told.clips, entries=told.entries, outside=outside
    )
    return text.encode()
