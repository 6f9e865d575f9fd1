"""tdsec-gov: know, and prove, that the data you trained on is the data you approved.

The package is a house of small rooms; docs/architecture.md is its plan. This module imports
nothing, so that ``import tdsec_gov`` costs nothing.
"""

__version__ = "0.1.0"
