"""CPU time of a process and of everything that it started."""

import psutil


def cpu_s(pid: int) -> float:
    """Seconds of CPU, user and system, that a process and all its children have used so far.

    A child that has ended is counted by its parent, so the sum never falls.
    """
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total
