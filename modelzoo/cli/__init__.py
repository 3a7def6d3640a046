"""The command line. Each command imports what it needs when it runs, so that `--help` is quick.

Bad input ends any command with exit code 2 and one line on stderr. Under `--json` stdout holds JSON alone.
"""

import typer

from modelzoo.cli.build import build
from modelzoo.cli.degrade import degrade
from modelzoo.cli.evaluate import evaluate
from modelzoo.cli.export import export
from modelzoo.cli.features import features
from modelzoo.cli.join import join
from modelzoo.cli.lines import OneLineGroup
from modelzoo.cli.references import references
from modelzoo.cli.render_references import render_references
from modelzoo.cli.score import score
from modelzoo.cli.score_pair import score_pair
from modelzoo.cli.train import train

app = typer.Typer(
    cls=OneLineGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Models of how lossy-compressed music sounds, and the data that they learn from.",
)
for command in (
    *(references, render_references, degrade, score_pair, features, build, join),
    *(train, evaluate, export, score),
):
    app.command()(command)

__all__ = ["app"]
