# SPDX-License-Identifier: Apache-2.0
"""A disk that is soon full: a small file system of memory, in a namespace of its own."""
import os
import shutil
import subprocess


def full(folder, kilobytes):
    """What starts a program with such a disk at `folder`; None where that is not permitted."""
    os.makedirs(folder, exist_ok=True)
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
               f'mount -t tmpfs -o size={kilobytes}k none "$1" && shift && exec "$@"', "sh", folder]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], capture_output=True).returncode:
        return None
    return command
