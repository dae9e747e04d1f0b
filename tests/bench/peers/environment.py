"""Virtual environments of the peers: made on demand below this folder, left out where they cannot be."""

import pathlib
import shutil
import subprocess
import sys
import venv

here = pathlib.Path(__file__).resolve().parent


def python_with(*requirements):
    """The Python of an environment that holds exactly these packages; None, with a line on standard error, where pip cannot install them."""
    folder = here / (".venv-" + "-".join(requirements).replace("=", ""))
    python = folder / "bin/python"
    if (folder / "complete").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True)
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=900)
    except (OSError, subprocess.SubprocessError) as error:
        reason = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        print(f"peer left out: {' '.join(requirements)} cannot be installed ({reason[-1] if reason else error})", file=sys.stderr)
        return None
    (folder / "complete").touch()
    return python
