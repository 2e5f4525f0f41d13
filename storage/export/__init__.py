"""
Exports: evidence that leaves the house as one directory which verifies by itself, offline, with other people's tools.

`excerpt` takes entries and proofs out of the log under one head, `bag` writes files as BagIt 1.0 (RFC 8493), `bundle` says what
lies where in it, `handed_over` is the entry by which the ledger knows of it. `storage.verifier.bundle` verifies the result.

::

    bagit.txt bag-info.txt manifest-sha256.txt tagmanifest-sha256.txt       what BagIt asks for
    data/media/ID.ext         the originals, named by the pseudonym of the clip: a camera's file names are personal values
    data/media.b3             their BLAKE3, one a line, as b3sum writes it
    data/segments/ID.seg      the segment manifest of each
    data/entries/N.json       the exact bytes of every entry about what is exported
    data/proofs/N.tlog-proof  and its proof (C2SP tlog-proof@v1), all under the one head below
    data/log/checkpoint       that head, with its cosignatures
    data/log/heads/SIZE       older cosigned heads: the first that covered each entry
    data/consistency/SIZE     and the proof that the head continues each of them
    data/timestamps/SIZE-….tsr  an authority's reply (RFC 3161) over the text of the first stamped head that covers every entry
    data/disclosure/N.json    values that are disclosed, with their salts
    life-cycle.json           which entry may follow what
    policy/trust.policy       the witnesses as the office names them (C2SP tlog-policy): to be compared, not to be trusted
    VERIFY.md verify.pyz      how to verify it, and with what
"""
