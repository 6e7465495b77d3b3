"""One file per kind: its request documents, loads and decisions, and the tuple of its operations."""

from chalicelib.api.operation import Operation
from chalicelib.api.resources.accounts import OPERATIONS as ACCOUNTS
from chalicelib.api.resources.licenses.actions import OPERATIONS as LICENSE_ACTIONS
from chalicelib.api.resources.licenses.core import OPERATIONS as LICENSES
from chalicelib.api.resources.licenses.life import OPERATIONS as LICENSE_LIFE
from chalicelib.api.resources.licenses.tokens import OPERATIONS as LICENSE_TOKENS
from chalicelib.api.resources.licenses.validate import OPERATIONS as VALIDATION
from chalicelib.api.resources.policies import OPERATIONS as POLICIES
from chalicelib.api.resources.products import OPERATIONS as PRODUCTS
from chalicelib.api.resources.profile import OPERATIONS as PROFILE
from chalicelib.api.resources.system import OPERATIONS as SYSTEM
from chalicelib.api.resources.tokens import OPERATIONS as TOKENS

OPERATIONS: tuple[Operation, ...] = (
    *SYSTEM,
    *ACCOUNTS,
    *PROFILE,
    *PRODUCTS,
    *POLICIES,
    *LICENSES,
    *LICENSE_LIFE,
    *VALIDATION,
    *LICENSE_ACTIONS,
    *LICENSE_TOKENS,
    *TOKENS,
)
"""Every operation of the interface, explicitly: a test fails when a file is not listed."""
