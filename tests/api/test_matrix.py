"""Who may do what: every operation with every kind of credential, in tables (spec auth.md §3.1, §5.4, §7).

The columns, in the groups of the headings:

    nobody    without credentials, malformed ones, an expired token, an admin of another account
    staff     admin, developer, sales agent, support agent, read only
    product   the license's product, another product
    user      the license's owner, who owns the group too; a user attached to it, who is in the group; a stranger
    license   the license by its key, the same by a token, a license of the other product by its key

A row is an operation on what belongs to the license: the license itself, its policy, its product, its owner where a
user is meant, its token where a token is meant. `@` names something else: `@owner` a token of the owner, `@developer`
another developer than who asks, `@attached-machine` the machine of the attached user, `@itself` the user who asks or
the token it presents (see `inventory.py`). Everything else of a request is right; that a license cannot be reinstated
is all that is left to say (422).
"""

from __future__ import annotations

import pytest

from tests.api import stage as states
from tests.api.scene import OPERATION
from tests.api.stage import Stage
from tests.world import Answer

NOBODY = ("none", "malformed", "expired", "foreign-admin")
STAFF = ("admin", "developer", "sales", "support", "read-only")
PRODUCTS = ("product", "other-product")
CUSTOMERS = ("owner", "attached", "stranger", "license-key", "license-token")
BEARERS = (*NOBODY, *STAFF, *PRODUCTS, *CUSTOMERS, "other-license")
READERS = ("admin", *PRODUCTS, "owner", "attached", "stranger", "license-token", "other-license")

MATRIX = """
operation                                nobody           staff                product  user         license
                                         none mal exp for adm dev sal sup r-o  own oth  own att str  key tok oth

system.ping                              200 200 200 200  200 200 200 200 200  200 200  200 200 200  200 200 200
system.health                            204 204 204 204  204 204 204 204 204  204 204  204 204 204  204 204 204
account.read                             401 401 401 401  200 200 200 200 200  200 200  403 403 403  403 403 403
me                                       401 401 401 401  200 200 200 200 200  200 200  200 200 200  200 200 200
profile                                  401 401 401 401  200 200 200 200 200  200 200  200 200 200  200 200 200

product.list                             401 401 401 401  200 200 200 200 200  403 403  403 403 403  403 403 403
product.create                           401 401 401 401  201 201 403 403 403  403 403  403 403 403  403 403 403
product.read                             401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.read@open-product                401 401 401 401  200 200 200 200 200  404 404  403 403 403  403 403 403
product.update                           401 401 401 401  200 200 403 403 403  200 404  403 403 404  403 403 404
product.delete                           401 401 401 401  204 204 403 403 403  403 404  403 403 404  403 403 404
product.policies.list                    401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.policies.read                    401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.licenses.list                    401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.licenses.read                    401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.machines.list                    401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.machines.read                    401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.users.list                       401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.users.read                       401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.releases.list                    401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.artifacts.list                   401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.tokens.generate                  401 401 401 401  200 200 403 403 403  403 404  403 403 404  403 403 404
product.tokens.list                      401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
product.tokens.read                      401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404

policy.list                              401 401 401 401  200 200 200 200 200  200 200  403 403 403  403 403 403
policy.create                            401 401 401 401  201 201 201 403 403  201 403  403 403 403  403 403 403
policy.read                              401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
policy.update                            401 401 401 401  200 200 200 403 403  200 404  403 403 404  403 403 404
policy.delete                            401 401 401 401  204 204 403 403 403  204 404  403 403 404  403 403 404
policy.product.read                      401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
policy.licenses.list                     401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
policy.licenses.read                     401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
policy.pool.list                         401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
policy.pool.read                         401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
policy.pool.pop                          401 401 401 401  200 200 403 403 403  200 404  403 403 404  403 403 404
policy.entitlements.list                 401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
policy.entitlements.read                 401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
policy.entitlements.attach               401 401 401 401  200 200 200 403 403  200 404  403 403 404  403 403 404
policy.entitlements.detach               401 401 401 401  204 204 204 403 403  204 404  403 403 404  403 403 404

key.list                                 401 401 401 401  200 200 200 200 200  200 200  403 403 403  403 403 403
key.create                               401 401 401 401  201 201 403 403 403  201 403  403 403 403  403 403 403
key.read                                 401 401 401 401  200 200 200 200 200  200 404  404 404 404  404 404 404
key.update                               401 401 401 401  200 200 403 403 403  200 404  404 404 404  404 404 404
key.delete                               401 401 401 401  204 204 403 403 403  204 404  404 404 404  404 404 404
key.product.read                         401 401 401 401  200 200 200 200 200  200 404  404 404 404  404 404 404
key.policy.read                          401 401 401 401  200 200 200 200 200  200 404  404 404 404  404 404 404

license.list                             401 401 401 401  200 200 200 200 200  200 200  200 200 200  403 403 403
license.create                           401 401 401 401  201 201 201 403 403  201 403  403 403 403  403 403 403
license.create@itself                    401 401 401 401  201 201 201 403 403  201 403  201 201 201  403 403 403
license.read                             401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
license.update                           401 401 401 401  200 200 200 200 403  200 404  403 403 404  403 403 404
license.delete                           401 401 401 401  204 204 204 403 403  204 404  204 403 404  403 403 404
license.revoke                           401 401 401 401  204 204 204 403 403  204 404  204 403 404  403 403 404
license.suspend                          401 401 401 401  200 200 200 200 403  200 404  403 403 404  403 403 404
license.reinstate                        401 401 401 401  422 422 422 422 403  422 404  403 403 404  403 403 404
license.renew                            401 401 401 401  200 200 200 403 403  200 404  200 403 404  403 403 404
license.validate                         401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
license.validate-quickly                 401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
license.validate-key                     200 401 401 401  200 200 200 200 200  200 403  200 200 403  200 200 403
license.check-in                         401 401 401 401  200 200 200 200 403  200 404  200 403 404  200 200 404
license.usage.increment                  401 401 401 401  200 200 200 200 403  200 404  200 403 404  200 200 404
license.usage.decrement                  401 401 401 401  200 200 200 200 403  200 404  403 403 404  403 403 404
license.usage.reset                      401 401 401 401  200 200 200 200 403  200 404  403 403 404  403 403 404
license.check-out                        401 401 401 401  200 200 200 200 403  200 404  200 200 404  200 200 404
license.check-out-file                   401 401 401 401  200 200 200 200 403  200 404  200 200 404  200 200 404
license.tokens.generate                  401 401 401 401  200 200 200 403 403  200 404  403 403 404  403 403 404
license.tokens.list                      401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
license.tokens.read                      401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
license.users.list                       401 401 401 401  200 200 200 200 200  200 404  200 200 404  403 403 404
license.users.read                       401 401 401 401  200 200 200 200 200  200 404  200 200 404  403 403 404
license.users.attach                     401 401 401 401  201 201 201 201 403  201 404  403 403 404  403 403 404
license.users.detach                     401 401 401 401  204 204 204 204 403  204 404  403 403 404  403 403 404
license.entitlements.list                401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
license.entitlements.read                401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
license.entitlements.attach              401 401 401 401  201 201 201 403 403  201 404  403 403 404  403 403 404
license.entitlements.detach              401 401 401 401  204 204 204 403 403  204 404  403 403 404  403 403 404
license.policy.read                      401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
license.policy.update                    401 401 401 401  200 200 200 403 403  200 404  200 403 404  403 403 404
license.policy.update@elsewhere          401 401 401 401  200 200 200 403 403  403 404  200 403 404  403 403 404
license.owner.read                       401 401 401 401  200 200 200 200 200  200 404  200 200 404  403 403 404
license.owner.update                     401 401 401 401  200 200 200 403 403  200 404  403 403 404  403 403 404
license.group.read                       401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
license.group.update                     401 401 401 401  200 200 200 403 403  200 404  403 403 404  403 403 404
license.product.read                     401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
license.machines.list                    401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
license.machines.read                    401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404

machine.list                             401 401 401 401  200 200 200 200 200  200 200  200 200 200  200 200 200
machine.create                           401 401 401 401  201 201 201 403 403  201 403  201 403 403  201 201 403
machine.create@itself                    401 401 401 401  201 201 201 403 403  201 403  201 201 422  201 201 403
machine.read                             401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
machine.update                           401 401 401 401  200 200 200 200 403  200 404  200 403 404  200 200 404
machine.update@attached-machine          401 401 401 401  200 200 200 200 403  200 404  200 200 404  200 200 404
machine.delete                           401 401 401 401  204 204 204 403 403  204 404  204 403 404  204 204 404
machine.delete@attached-machine          401 401 401 401  204 204 204 403 403  204 404  204 204 404  204 204 404
machine.heartbeat.ping                   401 401 401 401  200 200 403 403 403  200 404  200 403 404  200 200 404
machine.heartbeat.ping@attached-machine  401 401 401 401  200 200 403 403 403  200 404  200 200 404  200 200 404
machine.heartbeat.ping-alias             401 401 401 401  200 200 403 403 403  200 404  200 403 404  200 200 404
machine.heartbeat.reset                  401 401 401 401  200 200 200 403 403  200 404  403 403 404  403 403 404
machine.heartbeat.reset-alias            401 401 401 401  200 200 200 403 403  200 404  403 403 404  403 403 404
machine.check-out                        401 401 401 401  200 200 200 200 403  200 404  200 200 404  200 200 404
machine.check-out-file                   401 401 401 401  200 200 200 200 403  200 404  200 200 404  200 200 404
machine.product.read                     401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
machine.license.read                     401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
machine.owner.read                       401 401 401 401  200 200 200 200 200  200 404  200 200 404  403 403 404
machine.owner.update                     401 401 401 401  200 200 200 403 403  200 404  403 403 404  403 403 404
machine.group.read                       401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
machine.group.update                     401 401 401 401  200 200 200 403 403  200 404  403 403 404  403 403 404
machine.components.list                  401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
machine.components.read                  401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
machine.processes.list                   401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
machine.processes.read                   401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404

component.list                           401 401 401 401  200 200 200 200 200  200 200  200 200 200  200 200 200
component.create                         401 401 401 401  201 201 201 403 403  201 403  201 403 403  201 201 403
component.create@attached-machine        401 401 401 401  201 201 201 403 403  201 403  201 201 403  201 201 403
component.read                           401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
component.update                         401 401 401 401  200 200 200 200 403  200 404  200 403 404  200 200 404
component.update@attached-component      401 401 401 401  200 200 200 200 403  200 404  200 200 404  200 200 404
component.delete                         401 401 401 401  204 204 204 403 403  204 404  204 403 404  204 204 404
component.delete@attached-component      401 401 401 401  204 204 204 403 403  204 404  204 204 404  204 204 404
component.product.read                   401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
component.license.read                   401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
component.machine.read                   401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404

process.list                             401 401 401 401  200 200 200 200 200  200 200  200 200 200  200 200 200
process.create                           401 401 401 401  201 201 201 403 403  201 403  201 403 403  201 201 403
process.create@attached-machine          401 401 401 401  201 201 201 403 403  201 403  201 201 403  201 201 403
process.read                             401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
process.update                           401 401 401 401  200 200 200 200 403  200 404  200 403 404  200 200 404
process.update@attached-process          401 401 401 401  200 200 200 200 403  200 404  200 200 404  200 200 404
process.delete                           401 401 401 401  204 204 204 403 403  204 404  204 403 404  204 204 404
process.delete@attached-process          401 401 401 401  204 204 204 403 403  204 404  204 204 404  204 204 404
process.product.read                     401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
process.license.read                     401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
process.machine.read                     401 401 401 401  200 200 200 200 200  200 404  200 200 404  200 200 404
process.heartbeat.ping                   401 401 401 401  200 200 403 403 403  200 404  200 403 404  200 200 404
process.heartbeat.ping@attached-process  401 401 401 401  200 200 403 403 403  200 404  200 200 404  200 200 404

release.list                             401 401 401 401  200 200 200 200 200  200 200  403 403 403  403 403 403
release.create                           401 401 401 401  201 201 403 403 403  201 403  403 403 403  403 403 403
release.read                             401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
release.update                           401 401 401 401  200 200 403 403 403  200 404  403 403 404  403 403 404
release.delete                           401 401 401 401  204 204 403 403 403  204 404  403 403 404  403 403 404
release.publish                          401 401 401 401  200 200 403 403 403  200 404  403 403 404  403 403 404
release.yank                             401 401 401 401  200 200 403 403 403  200 404  403 403 404  403 403 404
release.product.read                     401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
release.artifacts.list                   401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
release.entitlements.list                401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
release.constraints.list                 401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
release.constraints.read                 401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
release.constraints.attach               401 401 401 401  200 200 403 403 403  200 404  403 403 404  403 403 404
release.constraints.detach               401 401 401 401  204 204 403 403 403  204 404  403 403 404  403 403 404

artifact.list                            401 401 401 401  200 200 200 200 200  200 200  403 403 403  403 403 403
artifact.create                          401 401 401 401  201 201 403 403 403  201 403  403 403 403  403 403 403
artifact.read                            401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
artifact.update                          401 401 401 401  200 200 403 403 403  200 404  403 403 404  403 403 404
artifact.delete                          401 401 401 401  204 204 403 403 403  204 404  403 403 404  403 403 404

token.list                               401 401 401 401  200 200 200 200 200  200 200  200 200 200  200 200 200
token.generate                           401 401 401 401  201 201 201 201 201  403 403  201 201 201  403 403 403
token.generate@owner                     401 401 401 401  201 201 403 403 403  201 403  201 403 403  403 403 403
token.generate@license                   401 401 401 401  403 403 403 403 403  201 403  403 403 403  403 403 403
token.generate@product                   401 401 401 401  403 403 403 403 403  403 403  403 403 403  403 403 403
token.read                               401 401 401 401  200 200 200 200 200  200 404  404 404 404  200 200 404
token.read@itself                        401 401 401 401  200 200 200 200 200  200 200  200 200 200  200 200 200
token.read@owner                         401 401 401 401  200 200 200 200 200  200 404  200 404 404  404 404 404
token.read@product                       401 401 401 401  200 200 200 200 200  200 404  404 404 404  404 404 404
token.read@admin                         401 401 401 401  200 200 200 200 200  404 404  404 404 404  404 404 404
token.read@developer                     401 401 401 401  200 200 200 200 200  404 404  404 404 404  404 404 404
token.regenerate                         401 401 401 401  200 200 403 403 403  200 404  404 404 404  200 200 404
token.regenerate@itself                  401 401 401 401  200 200 200 200 403  200 200  200 200 200  200 200 200
token.regenerate@owner                   401 401 401 401  200 200 403 403 403  200 404  200 404 404  404 404 404
token.regenerate@product                 401 401 401 401  200 200 403 403 403  200 404  404 404 404  404 404 404
token.regenerate@admin                   401 401 401 401  403 403 403 403 403  404 404  404 404 404  404 404 404
token.regenerate@developer               401 401 401 401  403 403 403 403 403  404 404  404 404 404  404 404 404
token.regenerate-presented               401 401 401 401  200 200 200 200 403  200 200  200 200 200  404 200 404
token.revoke                             401 401 401 401  204 204 403 403 403  204 404  404 404 404  204 204 404
token.revoke@itself                      401 401 401 401  204 204 204 204 403  204 204  204 204 204  204 204 204
token.revoke@owner                       401 401 401 401  204 204 403 403 403  204 404  204 404 404  404 404 404
token.revoke@product                     401 401 401 401  204 204 403 403 403  204 404  404 404 404  404 404 404
token.revoke@admin                       401 401 401 401  204 204 403 403 403  404 404  404 404 404  404 404 404
token.revoke@developer                   401 401 401 401  204 204 403 403 403  404 404  404 404 404  404 404 404

entitlement.list                         401 401 401 401  200 200 200 200 200  200 200  200 200 200  200 200 200
entitlement.create                       401 401 401 401  201 201 403 403 403  403 403  403 403 403  403 403 403
entitlement.read                         401 401 401 401  200 200 200 200 200  200 200  200 200 404  200 200 404
entitlement.read@inherited               401 401 401 401  200 200 200 200 200  200 200  200 200 404  200 200 404
entitlement.read@spare                   401 401 401 401  200 200 200 200 200  200 200  404 404 404  404 404 404
entitlement.update                       401 401 401 401  200 200 403 403 403  403 403  403 403 404  403 403 404
entitlement.delete                       401 401 401 401  204 204 403 403 403  403 403  403 403 404  403 403 404

group.list                               401 401 401 401  200 200 200 200 200  200 200  200 200 200  200 200 200
group.create                             401 401 401 401  201 201 403 403 403  201 201  403 403 403  403 403 403
group.read                               401 401 401 401  200 200 200 200 200  200 200  200 200 403  200 200 403
group.update                             401 401 401 401  200 200 403 403 403  200 200  403 403 403  403 403 403
group.delete                             401 401 401 401  204 204 403 403 403  204 204  403 403 403  403 403 403
group.owners.list                        401 401 401 401  200 200 200 200 200  200 200  200 200 404  200 200 404
group.owners.read                        401 401 401 401  200 200 200 200 200  200 200  200 200 404  200 200 404
group.owners.attach                      401 401 401 401  200 200 403 403 403  200 200  403 403 404  403 403 404
group.owners.detach                      401 401 401 401  204 204 403 403 403  204 204  403 403 404  403 403 404
group.users.list                         401 401 401 401  200 200 200 200 200  200 200  200 403 404  403 403 404
group.users.read                         401 401 401 401  200 200 200 200 200  200 200  200 403 404  403 403 404
group.licenses.list                      401 401 401 401  200 200 200 200 200  200 200  200 403 404  403 403 404
group.licenses.read                      401 401 401 401  200 200 200 200 200  200 404  200 403 404  403 403 404
group.machines.list                      401 401 401 401  200 200 200 200 200  200 200  200 403 404  403 403 404
group.machines.read                      401 401 401 401  200 200 200 200 200  200 404  200 403 404  403 403 404

user.list                                401 401 401 401  200 200 200 200 200  200 200  200 200 200  403 403 403
user.create                              201 401 401 401  201 201 201 403 403  201 201  403 403 403  403 403 403
user.create@admin                        400 401 401 401  201 400 400 400 400  400 400  400 400 400  400 400 400
user.read                                401 401 401 401  200 200 200 200 200  200 200  200 200 404  403 403 404
user.read@stranger                       401 401 401 401  200 200 200 200 200  200 200  404 404 200  404 404 404
user.read@admin                          401 401 401 401  200 200 200 200 200  404 404  404 404 404  404 404 404
user.update                              401 401 401 401  200 200 200 403 403  200 200  200 403 404  403 403 404
user.update@itself                       401 401 401 401  200 200 403 403 403  200 200  200 200 200  403 403 404
user.update@developer                    401 401 401 401  200 200 403 403 403  404 404  404 404 404  404 404 404
user.update@reader                       401 401 401 401  200 200 403 403 403  404 404  404 404 404  404 404 404
user.update@admin                        401 401 401 401  200 403 403 403 403  404 404  404 404 404  404 404 404
user.delete                              401 401 401 401  204 204 403 403 403  204 403  403 403 404  403 403 404
user.delete@stranger                     401 401 401 401  204 204 403 403 403  204 204  404 404 403  404 404 404
user.delete@developer                    401 401 401 401  204 204 403 403 403  404 404  404 404 404  404 404 404
user.delete@admin                        401 401 401 401  204 403 403 403 403  404 404  404 404 404  404 404 404
user.ban                                 401 401 401 401  200 200 200 200 403  200 200  403 403 404  403 403 404
user.ban@developer                       401 401 401 401  403 403 403 403 403  404 404  404 404 404  404 404 404
user.unban                               401 401 401 401  200 200 200 200 403  200 200  403 403 404  403 403 404
user.unban@developer                     401 401 401 401  403 403 403 403 403  404 404  404 404 404  404 404 404
user.password.update                     401 401 401 401  403 403 403 403 403  403 403  200 403 404  403 403 404
user.password.update@itself              401 401 401 401  200 200 200 200 200  403 403  200 200 200  403 403 404
user.password.reset                      200 200 200 200  200 200 200 200 200  200 200  200 200 200  200 200 200
user.password.forgotten                  204 204 204 204  204 204 204 204 204  204 204  204 204 204  204 204 204
user.licenses.list                       401 401 401 401  200 200 200 200 200  200 200  200 403 404  403 403 404
user.licenses.read                       401 401 401 401  200 200 200 200 200  200 404  200 403 404  403 403 404
user.machines.list                       401 401 401 401  200 200 200 200 200  200 200  200 403 404  403 403 404
user.machines.read                       401 401 401 401  200 200 200 200 200  200 404  200 403 404  403 403 404
user.products.list                       401 401 401 401  200 200 200 200 200  200 200  403 403 404  403 403 404
user.products.read                       401 401 401 401  200 200 200 200 200  200 404  403 403 404  403 403 404
user.group.read                          401 401 401 401  200 200 200 200 200  200 200  200 403 404  403 403 404
user.group.read@attached                 401 401 401 401  200 200 200 200 200  200 200  403 200 404  403 403 404
user.group.update                        401 401 401 401  200 200 200 403 403  200 200  403 403 404  403 403 404
user.group.update@developer              401 401 401 401  200 200 200 403 403  404 404  404 404 404  404 404 404
user.tokens.generate                     401 401 401 401  200 200 403 403 403  200 403  403 403 404  403 403 404
user.tokens.generate@itself              401 401 401 401  200 200 403 403 403  200 403  403 403 403  403 403 404
user.tokens.generate@developer           401 401 401 401  403 403 403 403 403  404 404  404 404 404  404 404 404
user.tokens.list                         401 401 401 401  200 200 200 200 200  200 200  200 403 404  403 403 404
user.tokens.read                         401 401 401 401  200 200 200 200 200  200 404  200 403 404  403 403 404
"""

# The same customers where they hold every permission their role may hold (`["*"]`): what differs from the matrix.
GRANTED = """
operation                                user         license
                                         own att str  key tok

account.read                             200 200 200  200 200
product.list                             200 200 200  200 200
product.read                             200 200 404  200 200
product.read@open-product                200 200 200  200 200
policy.list                              200 200 200  200 200
policy.read                              200 200 404  200 200
license.users.list                       200 200 404  200 200
license.users.read                       200 200 404  200 200
license.users.attach                     201 403 404  403 403
license.users.detach                     204 403 404  403 403
license.policy.read                      200 200 404  200 200
license.owner.read                       200 200 404  200 200
license.product.read                     200 200 404  200 200
machine.product.read                     200 200 404  200 200
machine.owner.read                       200 200 404  200 200
component.product.read                   200 200 404  200 200
process.product.read                     200 200 404  200 200
user.list                                200 200 200  200 200
user.read                                200 200 404  200 200
user.products.list                       200 403 404  403 403
user.products.read                       200 403 404  403 403
"""

# And where the license is protected besides (spec auth.md §5.7): what differs from the table above.
LICENSE_PROTECTED = """
operation                                user         license
                                         own att str  key tok

license.check-in                         403 403 404  200 200
license.check-out                        403 403 404  200 200
license.check-out-file                   403 403 404  200 200
license.usage.increment                  403 403 404  200 200
license.users.attach                     403 403 404  403 403
license.users.detach                     403 403 404  403 403
license.policy.update                    403 403 404  403 403
license.policy.update@elsewhere          403 403 404  403 403
machine.create                           403 403 403  201 201
machine.create@itself                    403 403 403  201 201
machine.update                           403 403 404  403 403
machine.update@attached-machine          403 403 404  403 403
machine.delete                           403 403 404  204 204
machine.delete@attached-machine          403 403 404  204 204
machine.heartbeat.ping                   403 403 404  200 200
machine.heartbeat.ping@attached-machine  403 403 404  200 200
machine.heartbeat.ping-alias             403 403 404  200 200
machine.check-out                        403 403 404  200 200
machine.check-out-file                   403 403 404  200 200
component.create                         403 403 403  201 201
component.create@attached-machine        403 403 403  201 201
component.update                         403 403 404  200 200
component.update@attached-component      403 403 404  200 200
component.delete                         403 403 404  204 204
component.delete@attached-component      403 403 404  204 204
process.create                           403 403 403  201 201
process.create@attached-machine          403 403 403  201 201
process.update                           403 403 404  200 200
process.update@attached-process          403 403 404  200 200
process.delete                           403 403 404  204 204
process.delete@attached-process          403 403 404  204 204
process.heartbeat.ping                   403 403 404  200 200
process.heartbeat.ping@attached-process  403 403 404  200 200
"""

# And where the policies are protected instead, that of the license and those it may change to.
POLICIES_PROTECTED = """
operation                                user         license
                                         own att str  key tok

license.create@itself                    403 403 403  403 403
license.delete                           403 403 404  403 403
license.revoke                           403 403 404  403 403
license.renew                            403 403 404  403 403
license.policy.update                    403 403 404  403 403
license.policy.update@elsewhere          403 403 404  403 403
"""

# How many rows the lists have, with everything granted; `-` where there is no list.
LISTED = """
operation                                staff  product  user         license
                                         adm    own oth  own att str  tok oth

product.list                             3      -   -    2   2   1    2   -
product.policies.list                    3      3   -    -   -   -    -   -
product.licenses.list                    2      2   -    -   -   -    -   -
product.machines.list                    2      2   -    -   -   -    -   -
product.users.list                       2      2   -    -   -   -    -   -
product.releases.list                    1      1   -    -   -   -    -   -
product.artifacts.list                   1      1   -    -   -   -    -   -
product.tokens.list                      1      1   -    -   -   -    -   -
policy.list                              4      3   1    1   1   0    1   -
policy.licenses.list                     1      1   -    -   -   -    -   -
policy.pool.list                         2      2   -    -   -   -    -   -
policy.entitlements.list                 1      1   -    -   -   -    -   -
key.list                                 2      2   0    -   -   -    -   -
license.list                             3      2   1    1   1   0    -   -
license.tokens.list                      1      1   -    -   -   -    -   -
license.users.list                       2      2   -    2   2   -    2   -
license.entitlements.list                2      2   -    2   2   -    2   -
license.machines.list                    2      2   -    2   2   -    2   -
machine.list                             2      2   0    2   2   0    2   0
machine.components.list                  1      1   -    1   1   -    1   -
machine.processes.list                   1      1   -    1   1   -    1   -
component.list                           2      2   0    2   2   0    2   0
process.list                             2      2   0    2   2   0    2   0
release.list                             1      1   0    -   -   -    -   -
release.artifacts.list                   1      1   -    -   -   -    -   -
release.entitlements.list                1      1   -    -   -   -    -   -
release.constraints.list                 1      1   -    -   -   -    -   -
artifact.list                            1      1   0    -   -   -    -   -
token.list                               16     4   2    1   1   1    1   1
entitlement.list                         3      3   3    2   2   0    2   0
group.list                               1      1   1    1   1   0    1   0
group.owners.list                        1      1   1    1   1   -    1   -
group.users.list                         1      1   1    1   -   -    -   -
group.licenses.list                      1      1   0    1   -   -    -   -
group.machines.list                      2      2   0    2   -   -    -   -
user.list                                4      4   4    2   2   1    2   -
user.licenses.list                       1      1   0    1   -   -    -   -
user.machines.list                       2      2   0    2   -   -    -   -
user.products.list                       1      1   0    1   -   -    -   -
user.tokens.list                         1      1   0    1   -   -    -   -
"""


Table = dict[str, dict[str, int | None]]


def table(text: str, columns: tuple[str, ...]) -> Table:
    """The rows of a table, below its two lines of headings."""
    lines = [line.split() for line in text.strip().splitlines()[2:] if line.strip()]
    return {
        row: dict(zip(columns, (None if one == "-" else int(one) for one in cells), strict=True))
        for row, *cells in lines
    }


def with_differences(otherwise: Table, text: str) -> Table:
    """What customers are answered, where some rows differ."""
    rows = table(text, CUSTOMERS)
    usual = {row: {one: found[one] for one in CUSTOMERS} for row, found in otherwise.items()}
    assert not [row for row in rows if rows[row] == usual[row]], "these rows say nothing new"
    return usual | rows


ROWS = table(MATRIX, BEARERS)
ROWS_GRANTED = with_differences(ROWS, GRANTED)
ROWS_PROTECTED = {
    states.LICENSE_PROTECTED: with_differences(ROWS_GRANTED, LICENSE_PROTECTED),
    states.POLICIES_PROTECTED: with_differences(ROWS_GRANTED, POLICIES_PROTECTED),
}
ROWS_LISTED = table(LISTED, READERS)
CODES = {"none": "TOKEN_MISSING", "malformed": "TOKEN_INVALID", "expired": "TOKEN_EXPIRED"}


@pytest.mark.parametrize("row", ROWS)
def test_row(stage: Stage, row: str) -> None:
    answers = stage.answers(states.DEFAULT, row, BEARERS)
    assert statuses(answers) == ROWS[row]
    for bearer, answer in answers.items():
        refused_well(bearer, answer)


@pytest.mark.parametrize("row", ROWS)
def test_everything_granted(stage: Stage, row: str) -> None:
    assert statuses(stage.answers(states.GRANTED, row, CUSTOMERS)) == ROWS_GRANTED[row]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("state", ROWS_PROTECTED)
def test_protected(stage: Stage, state: str, row: str) -> None:
    assert statuses(stage.answers(state, row, CUSTOMERS)) == ROWS_PROTECTED[state][row]


@pytest.mark.parametrize("row", ROWS_LISTED)
def test_listed(stage: Stage, row: str) -> None:
    answers = stage.answers(states.GRANTED, row, READERS, "?limit=100")
    found = {bearer: len(answer.data) if answer.status == 200 else None for bearer, answer in answers.items()}
    assert found == ROWS_LISTED[row]


def statuses(answers: dict[str, Answer]) -> dict[str, int]:
    return {bearer: answer.status for bearer, answer in answers.items()}


def refused_well(bearer: str, answer: Answer) -> None:
    """One error, with what clients tell refusals apart by."""
    if answer.status < 400 or answer.status == 422:
        return
    [error] = answer.errors
    if answer.status == 401:
        assert error["code"] == CODES.get(bearer, "TOKEN_INVALID")
    if answer.status == 403:
        assert set(error) == {"title", "detail"}
        assert error["detail"].startswith("You do not have permission to complete the request (")
    if answer.status == 404:
        assert error["code"] == "NOT_FOUND"
        assert error["detail"].startswith("The requested ")


def test_every_operation_has_a_row() -> None:
    assert {row.partition("@")[0] for row in ROWS} == set(OPERATION)
    assert set(ROWS_LISTED) == {name for name in OPERATION if name.endswith(".list")}
