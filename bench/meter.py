"""CPU time of a process and its children."""

import psutil


def cpu_s(pid: int) -> float:
    """CPU seconds (user and system) that a process and all its children have used so far.

    The parent's time includes children that have ended, so the sum never decreases.
    """
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total
