"""`keras-prov completion`: what a shell needs to complete the command, its options and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .strict_command import StrictCommand

__all__ = ["completion"]

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_KERAS_PROV_COMPLETE"

BASH = r"""%(complete_func)s() {
    local IFS=$'\n' completion type value response
    local current="${COMP_WORDS[COMP_CWORD]}"

    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \
        %(complete_var)s=bash_complete "$1")

    while IFS= read -r completion; do
        type="${completion%%%%,*}" value="${completion#*,}"
        if [[ $type == 'dir' ]]; then
            COMPREPLY=()
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            COMPREPLY=()
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            case "$current" in
                \'*) value="${value//\'/\'\\\'\'}" ;;
                \"*) value=$(printf '%%s' "$value" | sed 's/[\\"$`]/\\&/g') ;;
                *) printf -v value '%%q' "$value" ;;
            esac
            COMPREPLY+=("$value")
        fi
    done <<< "$response"

    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""
"""Click's script for bash, but names are quoted as bash takes them, also in an open quote."""


@click.command(cls=StrictCommand)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what completes commands, options and names in SHELL, for its start-up file.

    Tags of executions and dataflows are completed while the private server runs.

    Example: keras-prov completion bash >> ~/.bashrc
    """
    command = context.find_root().command
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 (click has these three)
    template = found(command, {}, "keras-prov", VARIABLE)
    script = BASH if shell == "bash" else template.source_template
    click.echo(script % template.source_vars())
