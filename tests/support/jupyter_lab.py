"""A JupyterLab of our own for tests: at 127.0.0.1 with a token, its own folders, and no network."""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 90  # seconds until it answers, on a machine under load
THEME = "@jupyterlab/apputils-extension:themes"
QUIET = {
    "@jupyterlab/apputils-extension:notification": {
        "checkForUpdates": False,
        "doNotDisturbMode": True,
        "fetchNews": "false",
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


class JupyterLab:
    """A running server.

    Args:
        folder: for its notebooks and all its settings; nothing of the user's is read.
        theme: "JupyterLab Light" or "JupyterLab Dark".
    """

    def __init__(self, folder, theme="JupyterLab Light"):
        self.notebooks = folder / "notebooks"
        self.token = secrets.token_hex(16)
        self._folder = folder
        for name in ("notebooks", "home", "app-settings"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        settings = {**QUIET, THEME: {"theme": theme, "adaptive-theme": False}}
        (folder / "app-settings" / "overrides.json").write_text(json.dumps(settings), "utf-8")
        self._log = (folder / "lab.log").open("wb")
        self._process = subprocess.Popen(
            self._command(),
            cwd=self.notebooks,
            env=self._environment(),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self.url = self._waited_for()
        except BaseException:
            self.stop()
            raise

    def _command(self):
        return [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            f"--ServerApp.root_dir={self.notebooks}",
            f"--IdentityProvider.token={self.token}",
            "--ServerApp.terminals_enabled=False",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
            f"--LabApp.app_settings_dir={self._folder / 'app-settings'}",
            f"--LabApp.user_settings_dir={self._folder / 'user-settings'}",
            f"--LabApp.workspaces_dir={self._folder / 'workspaces'}",
        ]

    def _environment(self):
        kept = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
        return kept | {
            "HOME": str(self._folder / "home"),
            "IPYTHONDIR": str(self._folder / "ipython"),
            "JUPYTER_CONFIG_DIR": str(self._folder / "config"),
            "JUPYTER_DATA_DIR": str(self._folder / "data"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "JUPYTER_RUNTIME_DIR": str(self._folder / "runtime"),
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        }

    def _waited_for(self):
        """Return the address once the server has written it down."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            for file in (self._folder / "runtime").glob("jpserver-*.json"):
                with contextlib.suppress(ValueError):  # it is being written
                    return json.loads(file.read_text("utf-8"))["url"]
            time.sleep(0.05)
        raise AssertionError(f"JupyterLab did not start:\n{self.log()}")

    def log(self):
        return (self._folder / "lab.log").read_text("utf-8", "replace")

    def address(self, notebook):
        """The page of a notebook, in a workspace of its own."""
        return f"{self.url}lab/tree/{notebook}?reset&token={self.token}"

    def stop(self):
        """Stop the server, and its kernels with it."""
        if self._process.poll() is None:
            self._process.terminate()  # twice: the first one only asks
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        self._log.close()


@contextlib.contextmanager
def running(folder, theme="JupyterLab Light"):
    """Yield a server, and stop it."""
    server = JupyterLab(folder, theme)
    try:
        yield server
    finally:
        server.stop()
