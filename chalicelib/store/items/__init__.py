"""How each kind of resource is stored. Every row model is imported here, so that reads know all kinds."""

from chalicelib.store.items import account, guard, license, outbox, policy, product, token, user

__all__ = ["account", "guard", "license", "outbox", "policy", "product", "token", "user"]
