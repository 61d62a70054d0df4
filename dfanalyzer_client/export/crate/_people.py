"""The crate's author, the user who ran the script, and the licence."""

from __future__ import annotations

from ...config.author import Author, licence_url
from ...executions.environment import Environment
from ...executions.record import AssociationRecord
from ._parameters import Entity, reference

__all__ = ["author_of", "licence_of", "user_of"]

NO_LICENCE = "#no-licence"


def author_of(author: Author) -> Entity:
    """The author as a person, identified by the ORCID iD if there is one."""
    return {
        "@id": author.orcid_url or "#author",
        "@type": "Person",
        "name": author.label,
        **({"email": author.email} if author.email else {}),
    }


def user_of(environment: Environment, association: AssociationRecord) -> Entity | None:
    """The scientist whom its client named, else the account that the process ran as."""
    if association.email is not None:
        email = association.email
        return {"@id": "#user", "@type": "Person", "name": email, "email": email}
    user = environment.first("process", "user")
    if user is None:
        return None
    text = "The account that the process ran as."
    return {"@id": "#user", "@type": "Person", "name": user, "description": text}


def licence_of(licence: str | None) -> Entity:
    """The licence, or an entity that says that there is none."""
    if licence is None:
        return {
            "@id": NO_LICENCE,
            "@type": "CreativeWork",
            "name": "No licence",
            "description": (
                "Whoever wrote this crate named no licence, so others may use it only if the law "
                "or its author allows it."
            ),
        }
    url = licence_url(licence)
    return {"@id": url, "@type": "CreativeWork", "name": licence, "url": reference(url)}
