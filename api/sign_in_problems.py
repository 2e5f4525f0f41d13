"""What goes wrong when people sign in; `api.problems` has the table of all."""

from __future__ import annotations

from http import HTTPStatus
from typing import TypeAlias

Words: TypeAlias = tuple[str, str]
"""In Chinese, in English."""

SIGN_IN: tuple[tuple[str, HTTPStatus, Words, Words], ...] = (
    (
        "sign-in",
        HTTPStatus.UNAUTHORIZED,
        ("登录未成功", "Not signed in"),
        ("用户名、密码或验证码不正确。", "Name, password or code is wrong."),
    ),
    (
        "second-factor",
        HTTPStatus.UNAUTHORIZED,
        ("请输入验证码", "A one-time code is needed"),
        ("请输入手机上的六位验证码，或一个恢复码。", "Enter the six digits from the telephone, or a recovery code."),
    ),
    (
        "link-over",
        HTTPStatus.GONE,
        ("链接已失效", "This link is over"),
        ("链接只能使用一次且有时限，请向管理员索取新的链接。", "A link works once and for a while; ask for another."),
    ),
    (
        "password",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("不能用作密码", "Refused as a password"),
        (
            "至少 12 个字符，不含用户名，不用常见密码。",
            "At least 12 characters, without the account's name, and nothing that is tried first.",
        ),
    ),
    (
        "locked-out",
        HTTPStatus.TOO_MANY_REQUESTS,
        ("尝试次数过多", "Too many attempts"),
        ("请稍后再试，或请管理员给您一个新的链接。", "Wait, or ask an administrator for a link."),
    ),
)
