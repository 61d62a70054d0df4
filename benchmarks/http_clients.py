"""Many concurrent clients of the service, which send their messages one after the other.

``python -m benchmarks.http_clients PORT CLIENTS MESSAGES ROUND`` prints the seconds until all
messages were answered with 200. The clients write HTTP themselves, as a client library would use
more CPU time than the service that is measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

__all__ = ["TAG"]

TAG = "service"
ATTRIBUTES = {
    "itrainingmodel": [("OPTIMIZER_NAME", "TEXT"), ("LEARNING_RATE", "NUMERIC")],
    "otrainingmodel": [("EPOCH_ID", "NUMERIC"), ("LOSS", "NUMERIC"), ("ACCURACY", "NUMERIC")],
}


def dataflow(execution: str) -> dict[str, Any]:
    """The dataflow that a client declares first."""
    sets = [
        {
            "tag": tag,
            "type": "INPUT" if tag.startswith("i") else "OUTPUT",
            "attributes": [{"name": name, "type": kind} for name, kind in attributes],
        }
        for tag, attributes in ATTRIBUTES.items()
    ]
    transformations = [{"tag": "trainingmodel", "sets": sets}]
    return {"tag": TAG, "transformations": transformations, "exec": execution}


def task(execution: str, number: int) -> dict[str, Any]:
    """Message `number` of a client: a task begins with one message and ends with the next."""
    begins = number % 2 == 0
    message: dict[str, Any] = {
        "first": "1",
        "exec": execution,
        "id": str(number // 2 + 1),
        "dataflow": TAG,
        "transformation": "trainingmodel",
        "status": "RUNNING" if begins else "FINISHED",
    }
    if begins:
        message["sets"] = [{"tag": "itrainingmodel", "elements": [["SGD", "0.01"]]}]
    else:
        message["sets"] = [{"tag": "otrainingmodel", "elements": [[str(number), "0.5", "0.9"]]}]
        times = {"startTime": "2026-11-23 04:05:05", "endTime": "2026-11-23 04:05:07"}
        message["performances"] = [times]
    return message


async def client(port: int, execution: str, messages: int, go: asyncio.Event) -> None:
    """Declare, wait for `go`, then send all messages."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def post(path: str, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        content = await reader.readexactly(length)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{answer!r} {content!r}")

    await post("/pde/dataflow/json", dataflow(execution))
    await go.wait()
    for number in range(messages):
        await post("/pde/task/json", task(execution, number))
    writer.close()


async def clients(port: int, count: int, messages: int, name: str) -> float:
    """Seconds until all clients have sent their messages."""
    go = asyncio.Event()
    running = [
        asyncio.create_task(client(port, f"{name}-{number}", messages, go))
        for number in range(count)
    ]
    await asyncio.sleep(1)
    began = time.perf_counter()
    go.set()
    await asyncio.gather(*running)
    return time.perf_counter() - began


def main() -> None:
    """Send, and print how long it took."""
    port, count, messages = map(int, sys.argv[1:4])
    print(asyncio.run(clients(port, count, messages, sys.argv[4])))


if __name__ == "__main__":
    main()
