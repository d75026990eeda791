"""A page's console blocks, carried out: `$` is typed into a shell, `hustings serve` runs until the next `^C`."""

import io
import os
import re
import shlex
import subprocess
import sys
from contextlib import chdir, redirect_stdout
from pathlib import Path

import pytest
from tests.support.town import Town, free_port

from hustings.cli import main

BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def has_commands(page: Path) -> bool:
    return BLOCK.search(page.read_text()) is not None


class Transcript:
    """Of one page, in a folder of its own. `done` are the headings whose commands have been carried out."""

    def __init__(self, page: Path, folder: Path) -> None:
        sections = re.split(r"^## (.+)\n", page.read_text(), flags=re.MULTILINE)
        self._blocks = {
            heading: "".join(BLOCK.findall(text))
            for heading, text in zip(sections[1::2], sections[2::2], strict=True)
            if BLOCK.search(text)
        }
        self.folder, self.port = folder, free_port()
        self.town: Town | None = None
        self.done: list[str] = []

    @property
    def headings(self) -> list[str]:
        return list(self._blocks)

    def carry_out(self, heading: str) -> str:
        """What the section's commands printed for programs. Each must end well."""
        printed = [self._line(line) for line in self._blocks[heading].splitlines()]
        self.done.append(heading)
        return "".join(printed)

    def _line(self, line: str) -> str:
        if line == "^C":
            self.stop()
            return ""
        command = line.removeprefix("$ ")
        assert command != line, f"neither typed nor ^C: {line}"
        if serving := re.fullmatch(r"hustings serve --data (\S+)", command):
            self._serve(self.folder / serving[1])
            return ""
        if command.startswith("hustings ") and not command.startswith("hustings backup"):
            return self._type_here(command)
        return self._type(command)

    def _serve(self, data: Path) -> None:
        assert self.town is None, "a server runs already"
        self.town = Town(data, port=self.port)
        self.town.start()

    def stop(self) -> None:
        if self.town is not None:
            assert self.town.stop() == 0
        self.town = None

    def _type_here(self, command: str) -> str:
        """In this process, which has loaded it all; but nothing here may give way to others from now on."""
        words = [str(found) for word in shlex.split(command)[1:] for found in self._meant(word)]
        printed = io.StringIO()
        with chdir(self.folder), redirect_stdout(printed), pytest.MonkeyPatch.context() as environment:
            environment.setenv("HUSTINGS_PORT", str(self.port))
            assert main(words) == 0, f"{command}: {printed.getvalue()}"
        return printed.getvalue()

    def _meant(self, word: str) -> list[Path] | list[str]:
        return sorted(self.folder.glob(word)) if "*" in word else [word]

    def _type(self, command: str) -> str:
        beside = Path(sys.executable).parent
        environment = {**os.environ, "PATH": f"{beside}:{os.environ['PATH']}", "HUSTINGS_PORT": str(self.port)}
        done = subprocess.run(
            ["bash", "-euc", command], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout
