# SPDX-License-Identifier: Apache-2.0
"""Trainings in several processes: how they are started, and how far apart two networks are."""
import array
import json
import math
import os
import shutil
import struct


def two():
    """What starts a program as two processes, or None where that cannot be done."""
    mpirun = shutil.which("mpirun")
    if mpirun is None or not os.path.exists(os.environ.get("SMB_MPI_MODULE", "")):
        return None
    command = [mpirun, "-n", "2", "--oversubscribe", "--mca", "mpi_yield_when_idle", "1"]
    command += ["--allow-run-as-root"] if os.geteuid() == 0 else []
    # Under a sanitizer: Open MPI unloads parts of itself that have not freed their memory, and of what is unloaded no
    # suppression knows the name.
    return command + ["env", "ASAN_OPTIONS=" + os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"]


def tensors(*path):
    """name -> numbers of a .safetensors of float32."""
    with open(os.path.join(*path), "rb") as handle:
        data = handle.read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: array.array("f", data[8 + length + entry["data_offsets"][0]:8 + length + entry["data_offsets"][1]])
            for name, entry in header.items()}


def apart(a, b):
    """The largest distance of two networks' tensors, relative to the tensor's norm. The keys' biases are left out: they
    have no influence on the output, so their gradient is rounding alone, and Adam makes whole steps of it."""
    worst = 0.0
    for name, values in a.items():
        if name.endswith("attn.qkv.bias"):
            third = len(values) // 3
            values = values[:third] + values[2 * third:]
            b = {**b, name: b[name][:third] + b[name][2 * third:]}
        norm = math.sqrt(sum(v * v for v in values))
        distance = math.sqrt(sum((v - w) ** 2 for v, w in zip(values, b[name])))
        worst = max(worst, distance / max(norm, 1e-3))
    return worst
