"""One file per kind: its request documents, loads and decisions, and the tuple of its operations."""

from chalicelib.api.operation import Operation
from chalicelib.api.resources.accounts import OPERATIONS as ACCOUNTS
from chalicelib.api.resources.artifacts import OPERATIONS as ARTIFACTS
from chalicelib.api.resources.component_life import OPERATIONS as COMPONENT_LIFE
from chalicelib.api.resources.components import OPERATIONS as COMPONENTS
from chalicelib.api.resources.entitlements import OPERATIONS as ENTITLEMENTS
from chalicelib.api.resources.groups.core import OPERATIONS as GROUPS
from chalicelib.api.resources.groups.members import OPERATIONS as GROUP_MEMBERS
from chalicelib.api.resources.groups.owners import OPERATIONS as GROUP_OWNERS
from chalicelib.api.resources.licenses.actions import OPERATIONS as LICENSE_ACTIONS
from chalicelib.api.resources.licenses.check_out import OPERATIONS as CHECK_OUT
from chalicelib.api.resources.licenses.core import OPERATIONS as LICENSES
from chalicelib.api.resources.licenses.entitlements import OPERATIONS as LICENSE_ENTITLEMENTS
from chalicelib.api.resources.licenses.life import OPERATIONS as LICENSE_LIFE
from chalicelib.api.resources.licenses.related import OPERATIONS as LICENSE_RELATED
from chalicelib.api.resources.licenses.tokens import OPERATIONS as LICENSE_TOKENS
from chalicelib.api.resources.licenses.transfer import OPERATIONS as LICENSE_TRANSFER
from chalicelib.api.resources.licenses.users import OPERATIONS as LICENSE_USERS
from chalicelib.api.resources.licenses.validate import OPERATIONS as VALIDATION
from chalicelib.api.resources.machines.activate import OPERATIONS as ACTIVATION
from chalicelib.api.resources.machines.check_out import OPERATIONS as MACHINE_FILES
from chalicelib.api.resources.machines.core import OPERATIONS as MACHINES
from chalicelib.api.resources.machines.life import OPERATIONS as MACHINE_LIFE
from chalicelib.api.resources.machines.related import OPERATIONS as MACHINE_RELATED
from chalicelib.api.resources.machines.transfer import OPERATIONS as MACHINE_TRANSFER
from chalicelib.api.resources.policies.core import OPERATIONS as POLICIES
from chalicelib.api.resources.policies.entitlements import OPERATIONS as POLICY_ENTITLEMENTS
from chalicelib.api.resources.policies.pool import OPERATIONS as POLICY_POOL
from chalicelib.api.resources.policies.related import OPERATIONS as POLICY_RELATED
from chalicelib.api.resources.pool_keys import OPERATIONS as POOL_KEYS
from chalicelib.api.resources.process_life import OPERATIONS as PROCESS_LIFE
from chalicelib.api.resources.processes import OPERATIONS as PROCESSES
from chalicelib.api.resources.products.core import OPERATIONS as PRODUCTS
from chalicelib.api.resources.products.related import OPERATIONS as PRODUCT_RELATED
from chalicelib.api.resources.products.tokens import OPERATIONS as PRODUCT_TOKENS
from chalicelib.api.resources.profile import OPERATIONS as PROFILE
from chalicelib.api.resources.releases.constraints import OPERATIONS as RELEASE_CONSTRAINTS
from chalicelib.api.resources.releases.core import OPERATIONS as RELEASES
from chalicelib.api.resources.releases.related import OPERATIONS as RELEASE_RELATED
from chalicelib.api.resources.system import OPERATIONS as SYSTEM
from chalicelib.api.resources.token_life import OPERATIONS as TOKEN_LIFE
from chalicelib.api.resources.tokens import OPERATIONS as TOKENS
from chalicelib.api.resources.users.bans import OPERATIONS as USER_BANS
from chalicelib.api.resources.users.core import OPERATIONS as USERS
from chalicelib.api.resources.users.passwords import OPERATIONS as USER_PASSWORDS
from chalicelib.api.resources.users.related import OPERATIONS as USER_RELATED
from chalicelib.api.resources.users.tokens import OPERATIONS as USER_TOKENS

OPERATIONS: tuple[Operation, ...] = (
    *SYSTEM,
    *ACCOUNTS,
    *PROFILE,
    *PRODUCTS,
    *PRODUCT_RELATED,
    *PRODUCT_TOKENS,
    *POLICIES,
    *POLICY_RELATED,
    *POLICY_ENTITLEMENTS,
    *POLICY_POOL,
    *POOL_KEYS,
    *LICENSES,
    *LICENSE_LIFE,
    *VALIDATION,
    *CHECK_OUT,
    *LICENSE_ACTIONS,
    *LICENSE_TOKENS,
    *LICENSE_USERS,
    *LICENSE_ENTITLEMENTS,
    *LICENSE_TRANSFER,
    *LICENSE_RELATED,
    *TOKENS,
    *PROCESSES,
    *PROCESS_LIFE,
    *MACHINE_TRANSFER,
    *MACHINES,
    *MACHINE_RELATED,
    *MACHINE_LIFE,
    *MACHINE_FILES,
    *ACTIVATION,
    *COMPONENTS,
    *COMPONENT_LIFE,
    *TOKEN_LIFE,
    *ENTITLEMENTS,
    *GROUPS,
    *GROUP_OWNERS,
    *GROUP_MEMBERS,
    *USERS,
    *USER_BANS,
    *USER_PASSWORDS,
    *USER_RELATED,
    *USER_TOKENS,
    *RELEASES,
    *RELEASE_RELATED,
    *RELEASE_CONSTRAINTS,
    *ARTIFACTS,
)
"""Every operation of the interface, explicitly: a test fails when a file is not listed."""
