"""A commit in a child process that kills itself at the n-th write."""

import os
import signal
import sys


def commit_and_die(workbench, last):
    """Commit in a child process, killed at the n-th write; return how it ended."""
    child = os.fork()
    if child == 0:
        writes = []

        def audit(event, arguments):
            is_write = event in ("os.rename", "os.mkdir") or (
                event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
            )
            if is_write and "workbench" in str(arguments[0]):
                writes.append(event)
                if len(writes) == last:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(audit)
        try:
            workbench.commit("one")
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
