"""keygen-sdk on machines and files: activation, heartbeats, processes, check-out, with verification switched on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.site import Site
from tests.clients.test_keygen_sdk import licensed

FOREIGN = "00" * 31 + "01"


@pytest.fixture
def license(site: Site, sdk: Any) -> Any:
    """The SDK's license: floating, three machines, one process each, schemes and files allowed."""
    licensed(
        site,
        sdk,
        floating=True,
        maxMachines=3,
        maxProcesses=1,
        strict=True,
        scheme="ED25519_SIGN",
        heartbeatDuration=600,
    )
    return sdk.me()


def test_the_life_of_a_machine(site: Site, sdk: Any, license: Any) -> None:
    with pytest.raises(sdk.LicenseNotActivatedError):
        sdk.validate("fp-1")
    machine = license.activate("fp-1", {"fingerprint": "cpu", "name": "CPU"}, {"fingerprint": "disk", "name": "Disk"})
    assert (machine.fingerprint, machine.license_id) == ("fp-1", license.id)
    assert sdk.validate("fp-1", "cpu", "disk").last_validation.code == "VALID"
    with pytest.raises(sdk.MachineAlreadyActivatedError):
        license.activate("fp-1")
    assert [one.fingerprint for one in license.machines()] == ["fp-1"]
    assert license.machine("fp-1").id == license.machine(machine.id).id == machine.id
    assert sorted(one.fingerprint for one in machine.components()) == ["cpu", "disk"]
    machine.ping()
    assert machine.heartbeat_status == "ALIVE"
    machine.deactivate()
    with pytest.raises(sdk.NotFoundError):
        license.machine("fp-1")
    with pytest.raises(sdk.LicenseNotActivatedError):
        sdk.validate("fp-1")


def test_the_last_seat(sdk: Any, license: Any) -> None:
    for number in range(3):
        license.activate(f"fp-{number}")
    with pytest.raises(sdk.MachineLimitExceededError):
        license.activate("fp-3")
    license.deactivate("fp-0")
    license.activate("fp-3")


def test_processes(sdk: Any, license: Any) -> None:
    machine = license.activate("fp-1")
    process = machine.spawn(4711)
    assert [one.pid for one in machine.processes()] == ["4711"]
    with pytest.raises(sdk.ProcessLimitExceededError):
        machine.spawn(4712)
    process.ping()
    assert (process.status, process.interval, process.machine_id) == ("ALIVE", 600, machine.id)
    process.kill()
    assert machine.processes() == []
    machine.spawn(4712).kill()


def test_a_process_that_fell_silent(site: Site, sdk: Any, license: Any) -> None:
    process = license.activate("fp-1").spawn(4711)
    process.heartbeat.stop()
    site.world.clock.advance(seconds=601)
    with pytest.raises(sdk.HeartbeatDeadError) as raised:
        process.ping()
    assert raised.value.response.status == 422
    site.world.sweep()
    with pytest.raises(sdk.NotFoundError):
        process.ping()


@pytest.mark.parametrize("fingerprint", ["fp-1", "4d:Eq UV/8%", "ключ-鍵"])
@pytest.mark.parametrize("by", ["id", "fingerprint", "machine"])
def test_deactivate(sdk: Any, license: Any, by: str, fingerprint: str) -> None:
    machine = license.activate(fingerprint)
    assert sdk.validate(fingerprint).last_validation.code == "VALID"
    if by == "machine":
        machine.deactivate()
    else:
        license.deactivate(machine.id if by == "id" else fingerprint)
    assert license.machines() == []
    with pytest.raises(sdk.NotFoundError):
        license.deactivate(machine.id if by == "id" else fingerprint)


def test_background_heartbeats(sdk: Any, license: Any) -> None:
    """A monitor pings as it starts; the machine takes its own down with it."""
    machine = license.activate("fp-1")
    monitor = machine.monitor()
    assert (monitor.running, monitor.interval, machine.heartbeat_status) == (True, 570, "ALIVE")
    machine.deactivate()
    assert (monitor.running, monitor.error) == (False, None)


def test_a_dead_machine(site: Site, sdk: Any, license: Any) -> None:
    machine = license.activate("fp-1")
    machine.ping()
    site.world.clock.advance(seconds=601)
    with pytest.raises(sdk.HeartbeatDeadError):
        sdk.validate("fp-1")
    with pytest.raises(sdk.HeartbeatDeadError) as raised:
        machine.ping()
    assert raised.value.response.status == 422
    site.world.sweep()
    with pytest.raises(sdk.NotFoundError):
        machine.ping()
    license.activate("fp-1").ping()
    assert sdk.validate("fp-1").last_validation.code == "VALID"


def test_a_machine_that_has_to_ping_first(site: Site, sdk: Any) -> None:
    licensed(site, sdk, floating=True, requireHeartbeat=True, heartbeatBasis="FROM_FIRST_PING")
    machine = sdk.me().activate("fp-1")
    with pytest.raises(sdk.HeartbeatRequiredError):
        sdk.validate("fp-1")
    machine.ping()
    assert sdk.validate("fp-1").last_validation.code == "VALID"


def test_license_files(site: Site, sdk: Any, license: Any) -> None:
    file = license.checkout(ttl=3600)
    file.verify()
    dataset = file.decrypt(license.key)
    assert (dataset.license.id, dataset.license.key, dataset.ttl) == (license.id, license.key, 3600)
    plain = license.checkout(encrypt=False)
    plain.verify()
    assert plain.decode().license.id == license.id
    with pytest.raises(sdk.LicenseFileNotGenuineError):
        file.verify(FOREIGN)
    with pytest.raises(sdk.LicenseFileError):
        file.decrypt("another key")


def test_an_expired_file(site: Site, sdk: Any, license: Any) -> None:
    """Issued two days ago: the SDK compares with the clock of the machine it runs on."""
    site.world.clock.advance(days=-2)
    made = site.world.post(f"/v1/licenses/{license.id}/actions/check-out?ttl=3600&encrypt=1")
    site.world.clock.advance(days=2)
    file = sdk.LicenseFile(certificate=made.attributes["certificate"])
    file.verify()
    with pytest.raises(sdk.LicenseFileExpiredError):
        file.decrypt(license.key)


def test_machine_files(site: Site, sdk: Any, license: Any) -> None:
    made = site.world.create("entitlements", {"name": "SSO", "code": "SSO"})
    attached = {"data": [{"type": "entitlements", "id": made["id"]}]}
    assert site.world.post(f"/v1/licenses/{license.id}/entitlements", attached).status == 201
    machine = license.activate("fp-1", {"fingerprint": "cpu", "name": "CPU"})
    file = machine.checkout(include=("license", "license.entitlements", "components"))
    file.verify()
    dataset = file.decrypt(license.key + machine.fingerprint)
    assert (dataset.machine.id, dataset.license.id) == (machine.id, license.id)
    assert [one.code for one in dataset.entitlements] == ["SSO"]
    assert [one.fingerprint for one in dataset.components] == ["cpu"]
    with pytest.raises(sdk.MachineFileError):
        file.decrypt(license.key)
    plain = machine.checkout(encrypt=False, ttl=3600)
    plain.verify()
    assert (plain.decode().machine.id, plain.ttl) == (machine.id, 3600)
    assert [one.code for one in license.entitlements()] == ["SSO"]


def test_a_signed_key(sdk: Any, license: Any) -> None:
    assert license.id.encode() in license.verify()
    with pytest.raises(sdk.LicenseKeyNotGenuineError):
        license.verify(FOREIGN)


def test_a_token_that_may_activate_once(site: Site, sdk: Any, license: Any) -> None:
    body = {"data": {"type": "tokens", "attributes": {"maxActivations": 1}}}
    token = site.world.token(f"/v1/licenses/{license.id}", body)
    sdk.license_key, sdk.token = "", token.removeprefix("Bearer ")
    sdk.me().activate("fp-1")
    with pytest.raises(sdk.APIError) as raised:
        sdk.me().activate("fp-2")
    assert (raised.value.response.status, raised.value.code) == (422, "ACTIVATIONS_LIMIT_EXCEEDED")
