# SPDX-License-Identifier: BSD-3-Clause
"""Frames sent without a pause beside what a test does."""

import threading


class Traffic:
    """A thread that sends frames, whether or not they arrive. What is made of it has send_some()."""

    def __init__(self):
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.ended.is_set():
            try:
                self.send_some()
            except OSError:  # a link is down, or gone
                self.ended.wait(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
