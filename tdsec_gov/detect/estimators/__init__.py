"""Detection of poisoning for notebooks, in the manner of scikit-learn: arrays, frames and datasets in, the
numbers of the check ``poisoning`` out. Needs scikit-learn, which is imported here and not before.

``detector``  the estimator
``report``    what its last examination found
``scores``    one number for each row
``stacking``  accepted rows and new ones as the detectors take them
``inputs``    which adapter takes what, and the adapters: one file for each kind of input
"""

from tdsec_gov.detect.estimators.detector import PoisonDetector
from tdsec_gov.detect.estimators.report import Found, Report, Told

__all__ = ["Found", "PoisonDetector", "Report", "Told"]
