"""Whether an account may annotate or steer executions, asked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

from ..config.store_url import StoreURL
from ..errors import RefusedError, StoreError, StoreLoginError

__all__ = ["check_may_add", "check_may_annotate"]


def check_may_annotate(store: StoreURL | None) -> None:
    """Raise StoreLoginError if the account of `store` lacks the rights to annotate executions.

    A database that does not answer now may store the annotation later, so nothing is raised.
    """
    if store is None:  # before the import below
        return
    from ..store.writing.annotations import TABLES_OF_ANNOTATIONS

    check_may_add(store, TABLES_OF_ANNOTATIONS, "tag or note executions")


def check_may_add(store: StoreURL | None, tables: Sequence[str], what: str) -> None:
    """Raise StoreLoginError if the account of `store` may not add rows to tables.

    A database that does not answer now, or has an older catalogue, raises nothing.

    Args:
        store: the database; None: the private server, whose user may do everything there.
        tables: of the catalogue.
        what: what the rows are for, as ``tag or note executions``.
    """
    if store is None:
        return
    # these import the driver, for which a training does not wait
    from ..store import Connection
    from ..store.driver_errors import lacks_rights
    from ..store.writing.catalogue_rows import check_rights

    try:
        with Connection(store) as connection:
            check_rights(connection, tables)
    except RefusedError as error:
        if not lacks_rights(error):  # such as an older catalogue, which storing upgrades
            return
        raise StoreLoginError(
            f"The user {store.user} may not {what} in {store.without_password()}, "
            "so nothing was changed: whoever administers the database can GRANT INSERT on "
            f"{', '.join(tables)} in the schema public, or use another account."
        ) from error
    except StoreError:
        return
