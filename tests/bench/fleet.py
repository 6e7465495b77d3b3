"""A license with as many machines as wanted, some of them dead, stored as the service stores them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain

from msgspec.structs import replace

from chalicelib.licensing import deaths
from chalicelib.licensing.buckets import Bucket
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.store import fetch
from chalicelib.store.items import bucket as buckets
from chalicelib.store.items import license as licenses
from chalicelib.store.items import machine as machines
from chalicelib.store.items import policy as policies
from chalicelib.store.loads import license as loads
from chalicelib.store.table import Row
from chalicelib.store.unit import Put, Write
from tests.bench.place import Place
from tests.world import START

DEAD, CORES = 1_000, 4
WINDOW = timedelta(hours=4)
SWEPT_AT = START - timedelta(hours=1)
"""Before the licenses of the place are due, and before any living machine is."""


class Fleet:
    """`size` machines of one license, the first `DEAD` of them long silent."""

    def __init__(self, place: Place, size: int) -> None:
        self.place, self.size = place, size
        self._account = place.facts.account_id
        self.policy: Policy = replace(
            place.policy,
            id=_identifier("policy"),
            floating=True,
            max_machines=10_000_000,
            heartbeat_duration=int(WINDOW.total_seconds()),
            duration=None,
        )
        license = replace(place.license(1), id=_identifier("license"), key="FLEET", policy_id=self.policy.id)
        sums = {name: getattr(self._sums(), name) for name in Bucket.__struct_fields__}
        self.license: License = replace(license, **sums)
        if fetch.run(place.service.database, loads.by_exact_id(self._account, self.license.id)) is None:
            place.put_rows(chain(_rows(policies.creation(self._account, self.policy)), self._counted()))
            place.put_rows(chain.from_iterable(self._stored(number) for number in range(size)))
        self.bury()

    def machine(self, number: int) -> Machine:
        """Machine `number`, always the same one."""
        seen = SWEPT_AT - (2 * WINDOW if number < DEAD else timedelta())
        return Machine(
            id=_identifier(f"machine {number}"),
            license_id=self.license.id,
            fingerprint=f"fingerprint-{number:06}",
            cores=CORES,
            created=START - timedelta(days=30, seconds=-number),
            updated=START - timedelta(days=30, seconds=-number),
            last_heartbeat=seen,
        )

    def let_die(self) -> None:
        """All machines as they were at first, with the sums of them."""
        self.place.put_rows(chain(self._counted(), *(self._stored(number) for number in range(DEAD))))

    def bury(self) -> None:
        """Remove the dead: other sweeps do not want to meet them."""
        dead = (machines.key_of(self._account, self.machine(number)) for number in range(DEAD))
        self.place.remove(dead)

    def _sums(self) -> Bucket:
        return Bucket(machines=self.size, cores=CORES * self.size)

    def _counted(self) -> Iterator[Row]:
        yield from _rows(licenses.creation(self._account, self.license, self.policy, self.license.created))
        sums = self._sums()
        delta = {name: getattr(sums, name) for name in Bucket.__struct_fields__}
        yield from _rows((buckets.counted(self._account, self.license.id, None, None, delta),))

    def _stored(self, number: int) -> Iterator[Row]:
        machine = self.machine(number)
        due = deaths.next_due(machine, self.policy, machine.last_heartbeat or START)
        return _rows(machines.creation(self._account, machine, self.license, due))


def _identifier(name: str) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(f"fleet {name}".encode()).digest()[:16], version=4))


def _rows(writes: Iterable[Write]) -> Iterator[Row]:
    for write in writes:
        assert isinstance(write, Put)
        assert isinstance(write.row, Row)
        yield write.row
