"""A licence-clean corpus of reference recordings: composed by seed, rendered with FluidSynth and FluidR3."""

from modelzoo.references.compose import PIECES, Arrangement, compose
from modelzoo.references.render import SOUNDFONT, find_tools, render_corpus

__all__ = ["PIECES", "SOUNDFONT", "Arrangement", "compose", "find_tools", "render_corpus"]
