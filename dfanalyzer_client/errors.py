"""Every error this package raises, as one tree.

::

    DfAnalyzerError
    ├── DefinitionError(ValueError)      a dataflow, set, attribute or tag that cannot be
    ├── ElementError(ValueError)         values that do not fit their set
    ├── RawDataError                     a file of raw data, or what is in it, cannot be read
    │   └── RawDataRefusedError          the service may not read that file
    ├── UnknownTagError(LookupError)     a dataflow, transformation or set nobody declared
    ├── SelectionError(ValueError)       a query's selection that is no condition over attributes
    ├── StoreURLError(ValueError)        a store URL that does not parse
    ├── UnsafeHomeError                  the data folder is not its user's alone
    ├── ForeignDataError                 what another tool has recorded cannot be read
    ├── CrateError                       a crate cannot be written
    ├── RerunError                       an execution cannot be run again from its crate
    ├── BackupError                      a backup cannot be written, read or restored
    ├── FederationError                  a site cannot be added, or there is none of that name
    ├── SigningError                     a key, a signature or a timestamp is not what it should be
    ├── SteeringError                    a training takes no such request, or no more requests
    ├── GraphURLError(ValueError)        a graph database's URL that does not parse
    ├── GraphError                       a graph database refuses, or cannot be reached
    ├── JournalError                     the local record cannot be written or read
    ├── PrivateServerError               the private MonetDB cannot be started or stopped
    │   └── KernelMissingError           this installation carries no MonetDB libraries
    └── StoreError                       the database answered, or failed to
        ├── StoreUnavailableError        nobody there, or gone in mid-sentence: try again later
        │   └── StoreBrokenError         it answers, and writes nothing until it is started anew
        ├── StoreLoginError              there, but not for this user, password or database
        ├── ConflictError                another writer was first: try again now
        └── RefusedError                 it will not take this, however often it is asked
            └── NotYetError              it names what is not there yet

Each message says what was received, what was expected and what to do.
"""

from __future__ import annotations

__all__ = [
    "BackupError",
    "ConflictError",
    "CrateError",
    "DefinitionError",
    "DfAnalyzerError",
    "ElementError",
    "FederationError",
    "ForeignDataError",
    "GraphError",
    "GraphURLError",
    "JournalError",
    "KernelMissingError",
    "NotYetError",
    "PrivateServerError",
    "RawDataError",
    "RawDataRefusedError",
    "RefusedError",
    "RerunError",
    "SelectionError",
    "SigningError",
    "SteeringError",
    "StoreBrokenError",
    "StoreError",
    "StoreLoginError",
    "StoreURLError",
    "StoreUnavailableError",
    "UnknownTagError",
    "UnsafeHomeError",
]


class DfAnalyzerError(Exception):
    """Base of all errors raised by this package."""


class DefinitionError(DfAnalyzerError, ValueError):
    """A dataflow, transformation, set, attribute or tag is not well formed."""


class ElementError(DfAnalyzerError, ValueError):
    """The values of an element do not fit the attributes of their set."""


class RawDataError(DfAnalyzerError):
    """A file of raw data, the program that reads it, or what is in it is not as expected."""


class RawDataRefusedError(RawDataError):
    """The service was not told that it may read this file, or run this program."""


class UnknownTagError(DfAnalyzerError, LookupError):
    """A tag names a dataflow, transformation or set that was not declared."""

    __str__ = Exception.__str__


class SelectionError(DfAnalyzerError, ValueError):
    """A query's selection is no condition over the attributes of its dataflow."""


class StoreURLError(DfAnalyzerError, ValueError):
    """A store URL does not have the form that was expected."""


class UnsafeHomeError(DfAnalyzerError):
    """Others than its user may write to the data folder, or own something there."""


class ForeignDataError(DfAnalyzerError):
    """What another tool has recorded is damaged, or not what it was taken for."""


class CrateError(DfAnalyzerError):
    """A crate to publish cannot be written: there is something, or a package is missing."""


class RerunError(DfAnalyzerError):
    """An execution cannot be run again: of its crate or of what it reads, something is missing."""


class BackupError(DfAnalyzerError):
    """A backup is damaged, or the database cannot be saved, or is no place to restore one."""


class FederationError(DfAnalyzerError):
    """A site cannot be read by the central server, its name is taken, or nobody added it."""


class SigningError(DfAnalyzerError):
    """Something cannot be signed: the key, the server of timestamps, or a package is missing."""


class SteeringError(DfAnalyzerError):
    """A training has ended, does not take part in steering, or not in what is asked of it."""


class GraphURLError(DfAnalyzerError, ValueError):
    """The URL of a graph database does not have the form that was expected, or has a password."""


class GraphError(DfAnalyzerError):
    """A graph database cannot be reached, or refuses a login or a statement."""


class JournalError(DfAnalyzerError):
    """The journal on the local disk cannot be written or read."""


class PrivateServerError(DfAnalyzerError):
    """The private MonetDB server could not be started, reached or stopped."""


class KernelMissingError(PrivateServerError):
    """This installation carries no MonetDB libraries for a private server."""


class StoreError(DfAnalyzerError):
    """The database refused, failed, or could not be reached."""


class StoreUnavailableError(StoreError):
    """The database cannot be reached now; the same call may succeed later."""


class StoreBrokenError(StoreUnavailableError):
    """The server cannot write its log any more, even when its disk has room again."""


class StoreLoginError(StoreError):
    """The server is there but refuses this user, password or database name."""


class ConflictError(StoreError):
    """Another transaction was first; the same transaction may succeed at once."""


class RefusedError(StoreError):
    """The database refuses this statement or value however often it is sent."""


class NotYetError(RefusedError):
    """The message names a dataflow or a part of one that the database does not know yet."""
