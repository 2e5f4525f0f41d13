"""What entries about people who sign in say in golden evidence; split from `telling`, which has the others."""

from __future__ import annotations

import hashlib

from storage.evidence import Json, Role

from .recording import DOCK, Told

DIGEST = f"sha256:{hashlib.sha256(b'sample').hexdigest()}"
UNTIL = "2026-11-25T08:00:00.000Z"
REASON: dict[str, Json] = {"reason": "样例理由"}

SIGN_IN: dict[str, Told] = {
    "ACCOUNT_CREATED": Told({"role": "reviewer"}, {"login": "sample", "name": "样例员"}),
    "ROLE_GRANTED": Told({"role": "auditor"}),
    "ROLE_WITHDRAWN": Told({"role": "auditor"}),
    "LINK_MADE": Told({"link": DIGEST, "until": UNTIL}),
    "PASSWORD_SET": Told(
        {"how": "link", "link": DIGEST},
        {"password": "$argon2id$v=19$m=65536,t=3,p=1$c2FtcGxlIHNhbXBsZSE$c2FtcGxlIHNhbXBsZSBzYW1wbGUgc2FtcGxlIHM"},
    ),
    "TOTP_SET": Told({"recovery": [DIGEST], "step": 59850240}, {"secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}),
    "TOTP_REMOVED": Told(),
    "SIGNED_IN": Told(
        {"how": "password+totp", "recovery": DIGEST, "session": DIGEST, "step": 59850241},
        {"address": "192.0.2.1", "browser": "sample"},
    ),
    "SESSION_ENDED": Told({"session": DIGEST, "why": "signed-out"}),
    "IDENTITY_BOUND": Told({"identity": DIGEST[7:]}, {"issuer": "https://sso.office.example", "subject": "u-17"}),
    "IDENTITY_UNBOUND": Told({"identity": DIGEST[7:]}),
    "TOKEN_CAME": Told({"from": DIGEST[7:]}, {"address": "192.0.2.7"}),
    "ACCOUNT_DISABLED": Told({}, REASON),
    "ACCOUNT_ENABLED": Told({}, REASON),
    "SIGN_INS_REFUSED": Told(
        {"accounts": {}, "reasons": {"sign-in": 2}, "since": "2026-11-24T08:00:00.000Z", "times": 2}, {}, DOCK, Role.DOCK
    ),
}
