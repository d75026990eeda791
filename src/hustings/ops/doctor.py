"""Looks for what would keep a conversation from starting on time. It changes nothing but a probe file it removes."""

from hustings.base.clock import Clock
from hustings.base.settings import Settings
from hustings.ops import database, machine, media, network, public, relays
from hustings.ops.finding import Check, Finding, Health

CHECKS: tuple[Check, ...] = (
    machine.check_python,
    machine.check_codecs,
    machine.check_pages,
    machine.check_data,
    database.check_database,
    machine.check_clock,
    machine.check_files,
    media.check_media,
    media.check_address,
    relays.check_relays,
    network.check_front_door,
    public.check_public,
    network.check_links,
)


def examine(settings: Settings, clock: Clock) -> list[Finding]:
    return [finding for check in CHECKS for finding in check(settings, clock)]


def well(findings: list[Finding]) -> bool:
    """Warnings let a conversation happen; faults do not."""
    return all(finding.health is not Health.FAULT for finding in findings)


def lines(findings: list[Finding]) -> list[str]:
    """For a person: what is to be done first, then what is well."""
    order = [Health.FAULT, Health.WARNING, Health.WELL]
    told = []
    for finding in sorted(findings, key=lambda one: order.index(one.health)):
        told.append(f"{finding.health.value:8} {finding.subject}: {finding.told}")
        if finding.cure:
            told.append(f"{'':8} hint: {finding.cure}")
    return told
