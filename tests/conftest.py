import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import labeling as lb
from tests.support import selection

# The same examples in every run; a machine under load must not fail a test by being slow.
settings.register_profile(
    "same",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("same")


MEMORY = Path("/dev/shm")  # a file system in memory, on Linux
ENOUGH = 2 << 30  # bytes

if (
    "TMPDIR" not in os.environ
    and os.access(MEMORY, os.W_OK)
    and shutil.disk_usage(MEMORY).free > ENOUGH
):
    # What is under test waits for the disk after every write; nothing here outlives a power cut.
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # look again


def pytest_configure(config):
    config.pluginmanager.register(selection)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell starts what runs in its background so, and it is inherited: Ctrl-C would then be
        # ignored by the programs under test.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def lacking(what):
    """Skip a test that cannot be done here, or fail where everything must be done."""
    if os.environ.get("LABELING_NO_SKIPS"):
        pytest.fail(f"LABELING_NO_SKIPS is set, and {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def schema():
    return lb.LabelSchema(["ham", "spam"])


@pytest.fixture(scope="session")
def real_data():
    """The folder of real votes with gold labels; not part of the repository."""
    given = os.environ.get("LABELING_DATA")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    if not (folder / "README.md").is_file():
        pytest.skip(f"real votes are not at {folder}; name their folder in LABELING_DATA")
    return folder


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of our own."""
    from tests.support.postgres import Server, programs

    found = programs()
    if found is None:
        lacking("NO POSTGRESQL SERVER IS INSTALLED: apt-get install postgresql")
    server = Server(found)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request):
    """The address of an empty database of either kind; `None` is the file in the store's folder."""
    if request.param == "sqlite":
        yield None
        return
    server = request.getfixturevalue("postgres")
    database = server.new()
    yield server.url(database)
    server.drop(database)


@pytest.fixture
def store(url, tmp_path):
    """An empty store on either database, held by the test."""
    from labeling.store import Store

    made = Store(tmp_path / "memory", "test", url=url, lock_timeout=5)
    with made.locked("test"):
        yield made


@pytest.fixture(scope="session")
def browser():
    """Chromium, one for all; where there is none tests are skipped, or fail if they must not be."""
    from tests.support.browser import started

    with contextlib.ExitStack() as stack:
        yield started(stack)


@pytest.fixture(scope="session")
def studio_server(request):
    """A Label Studio server of our own; where it is not installed yet, that takes minutes."""
    from labeling.errors import PlatformError
    from tests.support.studio import Server, installed, template

    capturing = request.config.pluginmanager.get_plugin("capturemanager")

    def tell(text):
        with capturing.global_and_fixture_disabled():
            sys.stderr.write(f"\n{text}\n")

    try:
        environment = installed(tell)
    except PlatformError as error:
        lacking(f"THERE IS NO LABEL STUDIO SERVER: {error}")
    server = Server(environment, template(environment, tell))
    yield server
    server.stop()


@pytest.fixture
def studio(studio_server):
    """The Label Studio server without any project."""
    if studio_server.pid is None:
        studio_server.restart()
    studio_server.delete_all_projects()
    return studio_server
