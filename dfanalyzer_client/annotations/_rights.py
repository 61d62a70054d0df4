"""Whether an account may annotate executions, asked before anything is written."""

from __future__ import annotations

from ..config.store_url import StoreURL
from ..errors import RefusedError, StoreError, StoreLoginError

__all__ = ["check_may_annotate"]


def check_may_annotate(store: StoreURL | None) -> None:
    """Raise StoreLoginError if the account of `store` lacks the rights to annotate executions.

    A database that does not answer now may store the annotation later, so nothing is raised.
    """
    if store is None:  # the private server's user may do everything there
        return
    # these import the driver, for which a training does not wait
    from ..store import Connection
    from ..store.driver_errors import lacks_rights
    from ..store.writing.annotations import TABLES_OF_ANNOTATIONS, check_rights

    try:
        with Connection(store) as connection:
            check_rights(connection)
    except RefusedError as error:
        if not lacks_rights(error):  # such as an older catalogue, which storing upgrades
            return
        raise StoreLoginError(
            f"The user {store.user} may not tag or note executions in {store.without_password()}, "
            "so nothing was changed: whoever administers the database can GRANT INSERT on "
            f"{', '.join(TABLES_OF_ANNOTATIONS)} in the schema public, or use another account."
        ) from error
    except StoreError:
        return
