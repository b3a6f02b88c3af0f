"""Who may do what: the one table of roles and acts, and the user that every rule is asked about.

Knows nothing of how a person signed in. Rules that need a clip (nobody decides on their own) use
`User.id` and stand in moderation/, next to the act they guard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from accounts.models import Role
from errors import NotAllowed, SignInNeeded

MAY: Final[dict[str, frozenset[Role]]] = {
    "create clips": frozenset({Role.CREATOR, Role.REVIEWER, Role.LEAD, Role.ADMIN}),
    "see held clips": frozenset({Role.REVIEWER, Role.LEAD, Role.AUDITOR, Role.ADMIN}),
    "review": frozenset({Role.REVIEWER, Role.LEAD, Role.ADMIN}),
    "see the workload": frozenset({Role.LEAD, Role.AUDITOR, Role.ADMIN}),
    "hear of overdue clips": frozenset({Role.LEAD, Role.ADMIN}),
    "keep golden clips": frozenset({Role.LEAD, Role.ADMIN}),
    "curate": frozenset({Role.LEAD, Role.ADMIN}),
    "take down": frozenset({Role.LEAD, Role.ADMIN}),
    "administer": frozenset({Role.ADMIN}),
}
"""act → roles that may. The act's name is what an error says, so it reads as a verb."""


@dataclass(frozen=True)
class User:
    """Whoever asks, as the database knows them at this request. An empty id is a stranger."""

    id: str = ""
    name: str = ""
    role: Role | None = None

    def may(self, act: str) -> bool:
        return self.role in MAY[act]

    def must(self, act: str) -> None:
        """Raise SignInNeeded for a stranger, NotAllowed for a role that may not."""
        if self.role is None:
            raise SignInNeeded()
        if not self.may(act):
            raise NotAllowed(role=self.role.value, action=act)


STRANGER: Final = User()
