"""The table of all settings: keys, variables, meanings and defaults.

`settings` reads them, `project_file` checks their keys, and the documentation lists them.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ALL", "BY_KEY", "CHIEF", "LEAVE_OUT", "REFUSE", "SETTINGS", "Setting"]

REFUSE, LEAVE_OUT = "refuse", "leave_out"
CHIEF, ALL = "chief", "all"


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        key: in ``[tool.keras_prov]`` of a project's pyproject.toml; its variable is
            ``KERAS_PROV_`` and the key in capitals.
        meaning: what it sets, in Markdown.
        default: what holds without it, in Markdown.
        number: the default of a setting that is a number, 0 or more; None for others.
        of_project: whether a project's file may set it.
        may_hold_password: whether its value is kept out of messages.
        directs: whether it determines where captured data go, so that a file that sets it must
            belong to a trusted account.
        is_checked: whether `provenance()` and `capture()` check it before they do anything.
        choices: the values that it may have, the default first; empty if it may have any.
    """

    key: str
    meaning: str
    default: str
    number: float | None = None
    of_project: bool = True
    may_hold_password: bool = False
    directs: bool = False
    is_checked: bool = False
    choices: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return f"KERAS_PROV_{self.key.upper()}"


SETTINGS = (
    Setting(
        "capture",
        "what to capture, as in `all,MODEL`; in a project's file also a list, or a "
        "table of true and false",
        "only executions and metrics; for `run`, `all`",
    ),
    Setting("tag", "name of the dataflow", "the script's name"),
    Setting(
        "adaptation",
        "whether changes of the learning rate are captured",
        "if LEARNING_RATE is",
    ),
    Setting(
        "steering",
        "whether running trainings may be steered; or what may be asked of them, as in "
        "`set,stop`, in a project's file also a list: `set`, `stop`, `stop-now`, `pause`, "
        "`resume`, `checkpoint`",
        "0",
    ),
    Setting(
        "batches_per_row",
        "how many calls of `train_on_batch` are one row of `otrainingmodel`, where no block of "
        "`keras_prov.training` says where an epoch ends; 0: all of them",
        "100",
        number=100.0,
        is_checked=True,
    ),
    Setting(
        "store",
        "URL of the MonetDB to write to, or of a relay; put a password into the variable, not "
        "into a project's file",
        "the private server",
        may_hold_password=True,
        directs=True,
        is_checked=True,
    ),
    Setting(
        "home",
        "folder of the journals and of the private server",
        "the user's data folder",
        directs=True,
        is_checked=True,
    ),
    Setting(
        "artifacts",
        "folder or fsspec URL of stored models",
        "`artifacts` at home",
        may_hold_password=True,
        directs=True,
        is_checked=True,
    ),
    Setting(
        "server_idle",
        "minutes without a client after which the private server stops; 0: never",
        "30",
        number=30.0,
        is_checked=True,
    ),
    Setting(
        "strict",
        "errors of Keras-Prov itself are raised in the training",
        "they are logged",
        is_checked=True,
    ),
    Setting(
        "misfits",
        "what happens to a value that does not fit, such as a text in a NUMERIC attribute, or to "
        "an element with a wrong number of values: `refuse` raises an error, or answers 422; "
        "`leave_out` stores the task without it, and logs it",
        "`refuse`",
        is_checked=True,
        choices=(REFUSE, LEAVE_OUT),
    ),
    Setting(
        "fsync",
        "whether what is recorded also survives a power cut",
        "only a kill",
        is_checked=True,
    ),
    Setting(
        "exit_flush",
        "seconds that the end of a process may wait for messages that are not stored yet",
        "5",
        number=5.0,
        is_checked=True,
    ),
    Setting(
        "batch",
        "seconds that messages may wait for others, to be stored in one transaction with them",
        "0.5",
        number=0.5,
        is_checked=True,
    ),
    Setting(
        "retention",
        "days to keep a journal that a server has stored; those of the private server are "
        "always kept",
        "30",
        number=30.0,
        is_checked=True,
    ),
    Setting(
        "progress",
        "whether a notebook shows how far each training is",
        "0",
        is_checked=True,
    ),
    Setting(
        "workers",
        "0: `capture()` applies only in the process that calls it",
        "1",
        is_checked=True,
    ),
    Setting(
        "replicas",
        "which of the processes that train one model together record it: `chief`, the first one, "
        "or `all`, each as a training of its own",
        "`chief`",
        is_checked=True,
        choices=(CHIEF, ALL),
    ),
    Setting(
        "container_image",
        "image of the container that trainings run in, as in `docker.io/ada/train:1.2`; Apptainer "
        "and some others say it themselves, Docker does not",
        "as the container says",
    ),
    Setting(
        "base",
        "IRI that identifiers in PROV documents begin with: https://example.org/provenance/",
        "https://w3id.org/keras-prov/",
    ),
    Setting(
        "author",
        "author of what is published: `Ada Lovelace <ada@example.org>`, an ORCID iD such as "
        "`0000-0002-1825-0097`, or both",
        "nobody is named",
    ),
    Setting(
        "license",
        "licence of what is published: an [SPDX id](https://spdx.org/licenses/) such as "
        "`CC-BY-4.0`, or a URL",
        "none is named",
    ),
    Setting(
        "graph_password",
        "password for `keras-prov export --to`",
        "you are asked for it",
        of_project=False,
        may_hold_password=True,
    ),
    Setting(
        "key_password",
        "password of an encrypted private key, for `keras-prov sign`",
        "you are asked for it",
        of_project=False,
        may_hold_password=True,
    ),
    Setting(
        "openlineage_key",
        "API key of the server that `keras-prov export --format openlineage --to` sends to",
        "none",
        of_project=False,
        may_hold_password=True,
    ),
    Setting(
        "token",
        "bearer token of `keras-prov serve` and `keras-prov relay`, and of who sends to a relay",
        "none",
        of_project=False,
    ),
    Setting(
        "trust",
        "other accounts that may own and write the data folder, and this file: `alice,@team`",
        "you and root",
        of_project=False,
    ),
)

BY_KEY = {setting.key: setting for setting in SETTINGS}
