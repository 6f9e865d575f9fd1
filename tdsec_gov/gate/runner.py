"""All checks of one version: one after the other, or side by side where one large file is all there is.

Many files are divided among the cores check by check (``team.py``); one file cannot be divided, so that
there each core takes a check of its own. The results and their order are the same.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.gate.faults import error_result
from tdsec_gov.gate.job import Job
from tdsec_gov.gate.process import Limits, Processes, one_worker
from tdsec_gov.gate.reports import Counts, Report
from tdsec_gov.repo.hashers import cores

_LARGE_BYTES = 32 << 20


def run_checks(job: Job, limits: Limits, report: Report = lambda name, result: None) -> list[CheckResult]:
    """One result per required check, in the job's order. ``report`` hears of each start (None) and end."""
    job = job.on_disk()
    lanes = _lanes(job)
    if lanes < 2:
        return _one_lane(job, limits, report, Processes())
    return _side_by_side(job, limits, report, lanes)


def _lanes(job: Job) -> int:
    large = len(job.files) == 1 and job.files[0].size >= _LARGE_BYTES
    return min(cores(), len(job.checks)) if large else 1


def _one_lane(job: Job, limits: Limits, report: Report, processes: Processes) -> list[CheckResult]:
    """The worker is started again for the checks that remain."""
    waiting = list(job.checks)
    results: list[CheckResult] = []
    while waiting:
        before = len(waiting)
        for result in one_worker(replace(job, checks=tuple(waiting)), limits, report, processes):
            waiting.pop(0)
            results.append(result)
            report(result.check, result)
        if len(waiting) == before:  # a worker that did not even start its first check
            name = waiting.pop(0)[0]
            results.append(error_result(name, "TDS001", f"{name} could not be started"))
            report(name, results[-1])
    return results


def _side_by_side(job: Job, limits: Limits, report: Report, lanes: int) -> list[CheckResult]:
    """Each lane takes the next check; an interrupt ends all of them at once."""
    waiting = deque(job.checks)
    processes, told = Processes(), _InTurn(report)

    def lane() -> list[CheckResult]:
        results: list[CheckResult] = []
        while not processes.ended:
            try:
                check = waiting.popleft()
            except IndexError:
                break
            results.extend(_one_lane(replace(job, checks=(check,)), limits, told, processes))
        return results

    with ThreadPoolExecutor(lanes) as pool:
        try:
            found = [
                result for running in [pool.submit(lane) for _ in range(lanes)] for result in running.result()
            ]
        except BaseException:
            processes.end()
            raise
    by_name = {result.check: result for result in found}
    return [by_name[name] for name, _ in job.checks]


class _InTurn:
    """A report that several threads may use."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._lock = threading.Lock()

    def __call__(self, name: str, result: CheckResult | None) -> None:
        with self._lock:
            self._report(name, result)

    def count(self, what: str, done: int, total: int) -> None:
        if isinstance(self._report, Counts):
            with self._lock:
                self._report.count(what, done, total)
