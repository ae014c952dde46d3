"""`python -m labeling` is the command line, and so is the script `labeling`."""

import sys


def main() -> None:
    """Run the command line, or say what to install where its packages are not there."""
    try:
        from labeling.cli import main as run
    except ModuleNotFoundError as error:
        sys.exit(f"The command line needs {error.name}: pip install 'labeling[cli]'")
    run()


if __name__ == "__main__":
    main()
