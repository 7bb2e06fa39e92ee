from people.models.member import ApiToken, Invite, LastAdminError, Member, Role
from people.models.person import Person, PersonAlias

__all__ = ["ApiToken", "Invite", "LastAdminError", "Member", "Person", "PersonAlias", "Role"]
