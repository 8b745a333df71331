"""What is to be heard: jobs and commands come in, blocks of samples and reports go out, exact to the sample.

Knows nothing of threads, devices or time; who shares it between threads holds a lock around every call.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from chatterbox_client.audio import SAMPLE_RATE_HZ
from chatterbox_daemon.link import Header
from chatterbox_daemon.player.gain import Samples, fade_in, fade_out, scale, silence
from chatterbox_daemon.player.job import Job, JobId, Mark

POSITION_STEP_SAMPLES = SAMPLE_RATE_HZ // 10
DEFAULT_FADE_SAMPLES = SAMPLE_RATE_HZ // 200


class Mixer:
    """Plays one job after the other; the caller pulls blocks with `read` and collects `take_reports`."""

    def __init__(self) -> None:
        self.volume = 1.0
        self.fade_samples = DEFAULT_FADE_SAMPLES
        self._jobs: deque[Job] = deque()
        self._held_after: int | None = None  # while paused: samples that may still be played; else None
        self._is_sounding = False  # the last block was full of a job's samples to its end
        self._reports: list[Header] = []

    @property
    def waiting_job(self) -> JobId | None:
        """The job a device is needed for; None when there is nothing to play or all is paused."""
        return self._jobs[0].name if self._jobs and self._held_after != 0 else None

    def add(self, name: JobId, data: bytes, marks: Iterable[Mark] = ()) -> None:
        """Append samples (mono s16le) and marks to a job; the first samples create it."""
        self._find_or_create(name).append(data, marks)

    def end(self, name: JobId) -> None:
        """No more samples will come for this job."""
        self._find_or_create(name).is_complete = True
        self._settle()

    def stop(self, name: JobId) -> None:
        """Fade the job out and forget it; what comes after it follows at once. Unknown jobs are ignored."""
        job = self._find(name)
        if job is None:
            return
        num_left = 0
        if self._is_heard(job):
            num_left = job.shape(0, self.fade_samples, fade_out) if self._held_after is None else self._held_after
        job.cut(num_left)
        if not num_left:
            self._jobs.remove(job)
            self._report(job, "stopped")
        self._settle()

    def stop_all(self) -> None:
        """Stop every job."""
        for job in [job for job in self._jobs if not job.is_stopping]:
            self.stop(job.name)

    def pause(self) -> None:
        """Hold after a short fade; each sample is still handed over exactly once."""
        if self._held_after is not None:
            return
        head = self._jobs[0] if self._jobs else None
        if head is None or not self._is_heard(head):
            self._held_after = 0
        elif head.is_stopping:
            self._held_after = head.num_waiting
        else:
            self._held_after = head.shape(0, self.fade_samples, fade_out)

    def resume(self) -> None:
        """Go on at the sample after the last one played, with a short fade."""
        if self._held_after is None:
            return
        start, self._held_after = self._held_after, None
        if self._jobs and (self._jobs[0].played or start):
            self._jobs[0].shape(start, self.fade_samples, fade_in)

    def fall_silent(self) -> None:
        """The device is gone: nothing is heard now, so nothing has to fade."""
        self._is_sounding = False
        if self._held_after is not None:
            self._held_after = 0
        if self._jobs and self._jobs[0].is_stopping:
            self._report(self._jobs.popleft(), "stopped")
            self._settle()

    def read(self, out: Samples) -> None:
        """Fill a block with what comes next, and with silence where there is nothing."""
        filled = 0
        while filled < len(out) and self._jobs:
            taken = self._play(self._jobs[0], out[filled:])
            if not taken:
                break
            filled += taken
        self._is_sounding = filled == len(out)
        out[filled:] = silence(len(out) - filled)
        if self.volume != 1.0:
            scale(out[:filled], self.volume)

    def take_reports(self) -> list[Header]:
        """What happened since the last call, oldest first: messages for the front."""
        reports, self._reports = self._reports, []
        return reports

    def _play(self, job: Job, out: Samples) -> int:
        is_held = self._held_after is not None
        before = job.played
        taken = job.play(out[: self._held_after] if is_held else out)
        if self._held_after is not None:
            self._held_after -= taken
        elif not taken:
            job.starve()
        if taken and not job.is_stopping:
            self._report_progress(job, before)
        self._settle()
        return taken

    def _report_progress(self, job: Job, before: int) -> None:
        if not before:
            self._reports.append({"type": "begin", "job": job.name})
        self._report_marks(job)
        if job.played // POSITION_STEP_SAMPLES > before // POSITION_STEP_SAMPLES:
            self._reports.append({"type": "position", "job": job.name, "played": job.played})

    def _report_marks(self, job: Job) -> None:
        self._reports.extend({"type": "mark", "job": job.name, "label": label} for label in job.take_marks())

    def _report(self, job: Job, kind: str) -> None:
        counts: dict[str, Any] = {"played": job.played, "underruns": job.underruns}
        self._reports.append({"type": kind, "job": job.name, **counts})

    def _settle(self) -> None:
        while self._jobs and self._jobs[0].is_over:
            job = self._jobs.popleft()
            self._report_marks(job)
            self._report(job, "stopped" if job.is_stopping else "finished")

    def _is_heard(self, job: Job) -> bool:
        return self._is_sounding and job is self._jobs[0] and job.played > 0

    def _find(self, name: JobId) -> Job | None:
        return next((job for job in self._jobs if job.name == name and not job.is_stopping), None)

    def _find_or_create(self, name: JobId) -> Job:
        job = self._find(name)
        if job is None:
            job = Job(name)
            self._jobs.append(job)
        return job
