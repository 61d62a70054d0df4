"""A server of the Model Context Protocol that says which arguments of a call are wrong.

The SDK leaves out arguments that a tool does not have, so that a question with a misspelled one
would be answered as if it had not been asked.
"""

from __future__ import annotations

import difflib
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import Tool
from pydantic import ValidationError

from ..support.terminal import terminal_line

__all__ = ["StrictServer"]


class StrictServer(MCPServer[Any]):
    """Refuses arguments that a tool does not have, and names those that it has."""

    async def list_tools(self) -> list[Tool]:
        """The tools, whose schemas allow no other arguments."""
        tools = await super().list_tools()
        for tool in tools:
            tool.input_schema["additionalProperties"] = False
        return tools

    async def call_tool(self, name: str, arguments: dict[str, Any], *context: Any) -> Any:
        """Call a tool.

        Raises:
            ToolError: an argument is unknown or wrong, or the tool refuses the question.
        """
        for tool in await self.list_tools():
            if tool.name == name:
                _check(name, arguments, list(tool.input_schema.get("properties", {})))
        try:
            return await super().call_tool(name, arguments, *context)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(_wrong(name, error.__cause__)) from None
            raise


def _check(tool: str, arguments: dict[str, Any], known: list[str]) -> None:
    for name in arguments:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f" Did you mean {close[0]!r}?" if close else ""
            raise ToolError(
                terminal_line(
                    f"The tool {tool} has no argument {name!r}.{meant} It has: {', '.join(known)}."
                )
            )


def _wrong(tool: str, error: ValidationError) -> str:
    """What is wrong with the arguments of a call, in one line."""
    faults = [
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}. Received: {fault['input']!r:.80}"
        for fault in error.errors()
    ]
    return terminal_line(f"Wrong arguments of the tool {tool}: {'; '.join(faults)}.")
