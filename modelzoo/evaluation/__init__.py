"""How good trained networks are: agreement, the paper's tables and tests, baselines, and its Fig. 2."""

from modelzoo.evaluation.baselines import mean_predictor, spectral_edge_predictor
from modelzoo.evaluation.listeners import against_mos, read_mos
from modelzoo.evaluation.runs import Run, read_run
from modelzoo.evaluation.scatter import draw_scatter
from modelzoo.evaluation.tables import breakdown, comparisons, table

__all__ = [
    "Run",
    "against_mos",
    "breakdown",
    "comparisons",
    "draw_scatter",
    "mean_predictor",
    "read_mos",
    "read_run",
    "spectral_edge_predictor",
    "table",
]
