"""What the listeners said (MOS and its spread), and how well a model agrees with them."""

from mushra.stats._cells import incomplete_listeners
from mushra.stats.agreement import Agreement, agreement
from mushra.stats.anova import rm_anova
from mushra.stats.comparisons import holm, permutation_test, wilcoxon_test
from mushra.stats.mixed import MixedModel, mixed_model
from mushra.stats.models import ModelComparison, bootstrap_agreement, compare_models, steiger, williams
from mushra.stats.mos import BIMODAL, mos, outliers, quartiles
from mushra.stats.p1401 import P1401, cubic_mapping, half_widths, p1401
from mushra.stats.reliability import Concordance, icc, kendall_w
from mushra.stats.repetitions import Summary, TTest, student_t, student_t_one_sample, summarise

__all__ = [
    "BIMODAL",
    "P1401",
    "Agreement",
    "Concordance",
    "MixedModel",
    "ModelComparison",
    "Summary",
    "TTest",
    "agreement",
    "bootstrap_agreement",
    "compare_models",
    "cubic_mapping",
    "half_widths",
    "holm",
    "icc",
    "incomplete_listeners",
    "kendall_w",
    "mixed_model",
    "mos",
    "outliers",
    "p1401",
    "permutation_test",
    "quartiles",
    "rm_anova",
    "steiger",
    "student_t",
    "student_t_one_sample",
    "summarise",
    "wilcoxon_test",
    "williams",
]
