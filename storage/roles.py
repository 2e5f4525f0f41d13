"""In what capacity somebody acts, as it is written in leaves: values may be added, never changed."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """In what capacity somebody acts."""

    SYSTEM = "system"
    DOCK = "dock"
    CLERK = "clerk"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    OFFICER = "officer"
    HANDLER = "handler"
    LEADER = "leader"
    ARCHIVIST = "archivist"
    PUBLICITY = "publicity"
    SUPERVISOR = "supervisor"
    SECURITY = "security"
    AUDIT = "audit"

    @property
    def names(self) -> tuple[str, str]:
        """The name for people, in Chinese and in English."""
        return _NAMES[self]

    @property
    def is_for_people(self) -> bool:
        """Whether somebody signs in with it; the program and the docks do not."""
        return self not in {Role.SYSTEM, Role.DOCK}


_NAMES = {
    Role.SYSTEM: ("系统", "system"),
    Role.DOCK: ("采集工作站", "dock"),
    Role.CLERK: ("采集岗", "dock clerk"),
    Role.OFFICER: ("执法人员", "officer"),
    Role.HANDLER: ("承办人", "case handler"),
    Role.LEADER: ("分管负责人", "leader in charge"),
    Role.REVIEWER: ("法制审核", "legal reviewer"),
    Role.ARCHIVIST: ("档案管理", "archivist"),
    Role.PUBLICITY: ("宣传联络", "publicity liaison"),
    Role.SUPERVISOR: ("督察", "supervisor"),
    Role.AUDITOR: ("审计岗", "auditor"),
    Role.ADMINISTRATOR: ("系统管理员", "system administrator"),
    Role.SECURITY: ("安全管理员", "security administrator"),
    Role.AUDIT: ("审计管理员", "audit administrator"),
}
