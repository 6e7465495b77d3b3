"""How a token is written anew: its row and the pointer to it, under the same digest or another one."""

from __future__ import annotations

from chalicelib.licensing.token import Token
from chalicelib.store.items import token as stored
from chalicelib.store.items.guard import PointerRow
from chalicelib.store.items.token import TokenRow
from chalicelib.store.keys import Key
from chalicelib.store.unit import Put, Remove, Write


def digest_of(key: Key) -> str:
    """The digest of the value of the token that is stored at `key`."""
    return key.pk.rpartition("#")[2]


def renewal(account_id: str, old: Key, before: Token, after: Token, digest: str) -> tuple[Write, ...]:
    """The writes that turn the token at `old` into `after` with a value of this digest, if it is still as it was."""
    row, pointer = stored.creation(account_id, after, digest)
    assert isinstance(row, Put) and isinstance(pointer, Put)
    still = Put(pointer.row, (PointerRow.target_pk == old.pk) & (PointerRow.target_sk == old.sk))
    same = (TokenRow.updated == before.updated) & (TokenRow.generation == before.generation)
    same = same & (TokenRow.activations == before.activations) & (TokenRow.deactivations == before.deactivations)
    if digest == digest_of(old):
        return Put(row.row, same), still
    return Remove(TokenRow, old, same), row, still
