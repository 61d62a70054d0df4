"""A recorder with no database behind it: its messages are checked as ever, and kept in a list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dfanalyzer_client.delivery.client import Client
from keras_prov._capture.choice import checked_choice
from keras_prov._capture.config import CaptureConfig

__all__ = ["MemoryClient", "config_of"]


class MemoryClient(Client):
    """A client whose messages go no further than `messages`: no journal, thread or database."""

    def __init__(self) -> None:
        super().__init__(None, Path("never-created"))
        self.messages: list[dict[str, Any]] = []

    def _send(self, message: str) -> int:
        self.messages.append(json.loads(message))
        return len(self.messages)

    def tasks(self, transformation: str) -> list[dict[str, Any]]:
        """The messages of a transformation's tasks, in order."""
        return [each for each in self.messages if each.get("transformation") == transformation]

    def rows(self, tag: str) -> list[dict[str, Any]]:
        """The rows of a set, from all messages, by lower-case name of their columns."""
        return [
            dict(zip(sent["attributes"], row, strict=True))
            for message in self.messages
            for sent in message.get("sets", ())
            if sent["tag"] == tag.lower()
            for row in sent["elements"]
        ]

    def declared(self, tag: str) -> list[str]:
        """The attributes of a set, over all messages that declare it, in order."""
        return [
            attribute["name"].lower()
            for message in self.messages
            for transformation in message.get("transformations", ())
            for declared in transformation["sets"]
            if declared["tag"].lower() == tag.lower()
            for attribute in declared.get("attributes", ())
        ]


def config_of(
    client: Client, hyps: Mapping[str, bool | float], *, adaptation: bool = True, **custom: str
) -> CaptureConfig:
    """What a user has asked for, to be recorded with `client`."""
    return CaptureConfig(
        dataflow_tag="unit",
        choice=checked_choice(dict(hyps)),
        custom_hyperparameters=custom,
        values={},
        adaptation=adaptation,
        client=client,
    )
