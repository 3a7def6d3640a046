"""How good trained networks are: agreement, the paper's tables and tests, baselines, and its Fig. 2."""

from modelzoo.evaluation.baselines import mean_predictor, spectral_edge_predictor
from modelzoo.evaluation.runs import Run, read_run
from modelzoo.evaluation.scatter import draw_scatter
from modelzoo.evaluation.significance import Summary, compare, compare_to_constant, summarise
from modelzoo.evaluation.tables import breakdown, comparisons, table

__all__ = [
    "Run",
    "Summary",
    "breakdown",
    "compare",
    "compare_to_constant",
    "comparisons",
    "draw_scatter",
    "mean_predictor",
    "read_run",
    "spectral_edge_predictor",
    "summarise",
    "table",
]
