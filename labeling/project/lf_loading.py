"""Loads the labeling functions of a project, and fingerprints the files they depend on."""

from __future__ import annotations

import sys
from pathlib import Path

from labeling.config import Config
from labeling.errors import LoadError
from labeling.project.fingerprints import TRIES, digest_of_files
from labeling.records import LabelingFunction

_IMPORTED: dict[Path, str] = {}
"""Digests of the project's modules as this process imported them, shared by all loaders."""


class LabelingFunctionLoader:
    """Loads the labeling functions of a config, and again when one of their files has changed.

    Their files are those that the config names, the imported modules of the project's folder, and
    the lists of lookups. Other sources, such as a web service, are not tracked.

    Attributes:
        digest: a fingerprint of the files as they were when the labeling functions were loaded.
    """

    def __init__(self, config: Config) -> None:
        self.digest = ""
        self._config = config
        self._files: list[Path] = []
        self._loaded: list[LabelingFunction] = []

    def load(self) -> list[LabelingFunction]:
        """Return the labeling functions of all files that the config names, in order.

        Raises:
            LoadError: a file cannot be loaded, or two labeling functions have the same name.
        """
        existing = [file for file in self._files if file.is_file()]
        if existing and existing == self._files and digest_of_files(existing) == self.digest:
            return self._loaded
        for _ in range(TRIES):
            paths = [self._config.at(path) for path in self._config.labeling_functions]
            before = digest_of_files([file for file in paths if file.is_file()])
            _forget_changed_modules(self._config.root)
            self._loaded = self._load(paths)
            if before == digest_of_files(paths):
                lists = {Path(file) for lf in self._loaded for file in lf.files}
                modules = _local_modules(self._config.root)
                _IMPORTED.update({file: digest_of_files([file]) for file in modules})
                self._files = [*paths, *sorted({*lists, *modules})]
                self.digest = digest_of_files(self._files)
                return self._loaded
        raise LoadError(
            "The files of the labeling functions change while they are read; try again."
        )

    def _load(self, paths: list[Path]) -> list[LabelingFunction]:
        from labeling.functions import load_labeling_functions, refuse_duplicate_names

        lfs = [lf for path in paths for lf in load_labeling_functions(path)]
        refuse_duplicate_names(lfs, "the project")
        return lfs


def _forget_changed_modules(root: Path) -> None:
    """Remove changed modules of the project's folder from `sys.modules`, to import them again."""
    for file, name in _local_modules(root).items():
        if file in _IMPORTED and _IMPORTED[file] != digest_of_files([file]):
            sys.modules.pop(name, None)


def _local_modules(root: Path) -> dict[Path, str]:
    """Return the file and the name of each imported module that lies in the project's folder."""
    modules = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or name.partition(".")[0] in ("labeling", "__main__"):
            continue
        path = Path(file)
        is_local = path.is_relative_to(root) and not _is_installed(path, root)
        if path.suffix == ".py" and is_local and path.is_file():
            modules[path] = name
    return modules


def _is_installed(path: Path, root: Path) -> bool:
    parts = path.relative_to(root).parts
    return "site-packages" in parts or any(part.startswith(".") for part in parts)
