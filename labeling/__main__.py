"""Entry point of `python -m labeling` and of the script `labeling`."""

import sys


def main() -> None:
    """Run the command line; if its packages are missing, print what to install."""
    try:
        from labeling.cli import main as run
    except ModuleNotFoundError as error:
        sys.exit(f"The command line needs {error.name}: pip install 'labeling[cli]'")
    run()


if __name__ == "__main__":
    main()
