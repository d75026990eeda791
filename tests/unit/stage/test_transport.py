"""Settings of the media transport, and its one certificate."""

import pytest

from hustings.base.clock import ManualClock, SystemClock
from hustings.base.settings import BadSetting, Settings
from hustings.stage.transport import Certificates, MediaSettings


def test_without_settings_any_port_and_the_machines_own_addresses() -> None:
    assert MediaSettings.from_settings(Settings()) == MediaSettings("", None)


def test_a_port_range_includes_both_ends() -> None:
    media = MediaSettings.from_settings(Settings(media_address="198.51.100.7", media_ports="50000-50100"))
    assert media == MediaSettings("198.51.100.7", range(50_000, 50_101))


@pytest.mark.parametrize("ports", ["50000", "5-4", "a-b", "0-10", "1-70000", "-"])
def test_a_range_that_is_none_is_refused_with_the_settings_name(ports: str) -> None:
    with pytest.raises(BadSetting, match="HUSTINGS_MEDIA_PORTS"):
        MediaSettings.from_settings(Settings(media_ports=ports))


def test_one_certificate_serves_all_sessions_until_it_nears_its_end() -> None:
    clock = ManualClock(SystemClock().now())
    certificates = Certificates(clock)
    first = certificates.current()
    clock.advance(27 * 24 * 3600)
    assert certificates.current() is first
    clock.advance(2 * 24 * 3600)
    assert certificates.current() is not first
