"""Commands whose help is drawn by rich-click, which is imported only when help is asked for."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import rich_click


class Command(click.Command):
    """A command with rich help."""

    def get_help(self, ctx: click.Context) -> str:
        """The help, as the terminal can show it."""
        return _rich_help(self, ctx)


class Group(click.Group):
    """A group of commands with rich help."""

    def get_help(self, ctx: click.Context) -> str:
        """The help, as the terminal can show it."""
        return _rich_help(self, ctx)


def _rich_help(command: click.Command, ctx: click.Context) -> str:
    import rich_click

    twin = _twin(command, ctx)
    return twin.get_help(
        rich_click.RichContext(
            twin, parent=ctx.parent, info_name=ctx.info_name, help_option_names=ctx.help_option_names
        )
    )


def _twin(command: click.Command, ctx: click.Context) -> "rich_click.RichCommand":
    """The command as one of rich-click, which draws the help of its own commands only."""
    import rich_click

    if not isinstance(command, click.Group):
        return rich_click.RichCommand(name=command.name, params=command.params, help=command.help)
    loaded = {name: command.get_command(ctx, name) for name in command.list_commands(ctx)}
    commands: dict[str, click.Command] = {name: _twin(verb, ctx) for name, verb in loaded.items() if verb}
    return rich_click.RichGroup(
        name=command.name, params=command.params, help=command.help, commands=commands
    )
