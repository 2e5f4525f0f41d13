"""What goes over the wire about people and their sign-in."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from api.models import shown
from api.people.grants import GrantAsked, GrantLine
from api.samples import Sample, example
from storage.evidence import Kind, Role

_GRANT: Sample = {"role": "reviewer", "offices": [], "matters": [], "until": None}
_PERSON: Sample = {
    "account": example(Kind.ACCOUNT),
    "login": "zhang.san",
    "name": "样例员",
    "roles": ["reviewer"],
    "grants": [{**_GRANT, "scope": [], "grant": 7, "over": False}],
    "enabled": True,
    "has_password": True,
    "second_factor": False,
}
_SESSION: Sample = {
    "session": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "opened_at": "2026-11-21T14:35:07.000Z",
    "how": "password+totp",
    "this": True,
}
_LINK: Sample = {
    "account": example(Kind.ACCOUNT),
    "link": "/link#yihu_link_" + "A" * 43,
    "until": "2026-11-22T14:35:07.000Z",
}

Login = Annotated[str, Field(min_length=1, max_length=100)]
Password = Annotated[str, Field(min_length=1, max_length=400)]
Code = Annotated[str, Field(max_length=40)]


class PasswordSignIn(BaseModel):
    """用密码登录。Sign in with a password."""

    model_config = shown({"login": "zhang.san", "password": "correct horse battery staple", "code": ""})
    login: Login
    password: Password
    code: Code = ""
    """Six digits of the telephone, or a recovery code, where one is asked for."""


class LinkUsed(BaseModel):
    """用一次性链接设置密码。Set a password by a one-time link."""

    model_config = shown({"link": "yihu_link_" + "A" * 43, "password": "correct horse battery staple"})
    link: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password


class LinkFor(BaseModel):
    """链接属于谁。For whom a link was."""

    model_config = shown({"login": "zhang.san"})
    login: str


class PersonLine(BaseModel):
    """有账户的人。Somebody with an account."""

    model_config = shown(_PERSON)
    account: str
    login: str | None
    """null once it was erased."""
    name: str | None
    roles: list[Role]
    """Those that count now."""
    grants: list[GrantLine]
    """Those that were not withdrawn; some may be over."""
    enabled: bool
    has_password: bool
    second_factor: bool


class SessionLine(BaseModel):
    """一次登录。A session that is good."""

    model_config = shown(_SESSION)
    session: str
    """SHA-256 of its secret: names it, opens nothing."""
    opened_at: str
    how: str
    this: bool
    """Whether it is the one that asks."""


class OwnAccount(BaseModel):
    """本人账户。One's own account."""

    model_config = shown({"person": _PERSON, "recovery_codes_left": 0, "sessions": [_SESSION]})
    person: PersonLine
    recovery_codes_left: int
    sessions: list[SessionLine]


class PasswordChange(BaseModel):
    """修改密码。Change the password."""

    model_config = shown({"password": "the one until now", "new": "correct horse battery staple"})
    password: Password
    new: Password


class PasswordAgain(BaseModel):
    """再次输入密码。The password, once more."""

    model_config = shown({"password": "correct horse battery staple"})
    password: Password


class SecondFactorOffered(BaseModel):
    """验证器密钥，只显示一次。A secret for the telephone, shown once."""

    model_config = shown(
        {
            "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
            "uri": "otpauth://totp/Yihu:zhang.san?secret=JBSWY3DPEHPK3PXP",
            "picture": ["101", "010", "101"],
        }
    )
    secret: str
    uri: str
    picture: list[str]
    """The address as a QR code: a row of 0 (light) and 1 (dark) for each line, without the quiet border."""


class CodeShown(BaseModel):
    """手机上的验证码。A code of the telephone."""

    model_config = shown({"code": "123456"})
    code: Code


class RecoveryCodes(BaseModel):
    """恢复码，只显示一次。Recovery codes, shown once."""

    model_config = shown({"codes": ["ABCD-EFGH-JKLM-NPQR"]})
    codes: list[str]


class NewPerson(GrantAsked):
    """新建账户。An account to be made."""

    model_config = shown({**_GRANT, "office_codes": ["A01"], "matter_numbers": [], "login": "zhang.san", "name": "样例员"})
    login: Login
    name: Annotated[str, Field(max_length=100)] = ""


class LinkMade(BaseModel):
    """一次性链接，只显示一次。A one-time link, shown once."""

    model_config = shown(_LINK)
    account: str
    link: str
    """To be put behind the address of this server; what follows ``#`` never reaches a server or its log."""
    until: str


class Reason(BaseModel):
    """理由。Why."""

    model_config = shown({"reason": "离职"})
    reason: Annotated[str, Field(min_length=1, max_length=200)]
