"""Runs every benchmark of this folder, one process each, and prints what it prints: `python -m bench [NAME…]`."""

import pkgutil
import subprocess
import sys

import bench


def names() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")]


def main(wanted: list[str]) -> int:
    """Exit code 0 only when every benchmark ended well. A benchmark that needs what is not there says so itself."""
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        sys.stderr.write(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(names())}\n")
        return 2
    failed = []
    for name in wanted or names():
        sys.stdout.write(f"\n== {name} ==\n")
        sys.stdout.flush()
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        sys.stderr.write(f"These benchmarks failed: {', '.join(failed)}\n")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
