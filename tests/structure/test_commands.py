"""A command loads what it needs, not what the others need: each is started often, by people and by scripts."""

import subprocess
import sys

import pytest

LOADED = """
import sys
from hustings.cli import MODULES, main
try:
    main([*sys.argv[1:], "--help"])
except SystemExit:
    pass
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"aiortc", "av", "numpy", "sqlalchemy", "alembic"}))
"""


@pytest.mark.parametrize(
    ("command", "heavy"),
    [("serve", set()), ("edge", set()), ("config", set()), ("speak", {"aiortc", "av"}), ("account", {"sqlalchemy"})],
)
def test_a_command_loads_what_it_needs_alone(command: str, heavy: set[str]) -> None:
    done = subprocess.run([sys.executable, "-c", LOADED, command], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert heavy <= loaded
    assert heavy or not loaded
