"""Light classifiers on tables of features: trained, cross-validated, saved without pickles, evaluated."""

from scatter.learning.affine import AffinePCAClassifier
from scatter.learning.augmented import AugmentedClassifier, mirrored
from scatter.learning.evaluation import Evaluation, Prediction, evaluate, predict
from scatter.learning.factory import make_scattering_classifier
from scatter.learning.heads import HEADS
from scatter.learning.kernel import KernelRidgeClassifier
from scatter.learning.model import Model
from scatter.learning.selection import OrthogonalLeastSquares
from scatter.learning.storage import check_model_output, load_model, save_model
from scatter.learning.training import train

__all__ = [
    "HEADS",
    "AffinePCAClassifier",
    "AugmentedClassifier",
    "Evaluation",
    "KernelRidgeClassifier",
    "Model",
    "OrthogonalLeastSquares",
    "Prediction",
    "check_model_output",
    "evaluate",
    "load_model",
    "make_scattering_classifier",
    "mirrored",
    "predict",
    "save_model",
    "train",
]
