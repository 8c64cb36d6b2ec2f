"""How tests wait: for what they wait for, however long a busy machine takes."""

import threading

PATIENCE = 900  # seconds; whoever waits longer waits for something that does not come


class Gate:
    """Lets a function pass a number of times, then holds it until it is opened."""

    def __init__(self, monkeypatch, owner, name, passes):
        self.original, self.calls = getattr(owner, name), []
        self.passes, self.held, self.opened = passes, threading.Event(), threading.Event()

        def guarded(*args, **kwargs):
            self.calls.append(args)
            if len(self.calls) > self.passes:
                self.held.set()
                assert self.opened.wait(PATIENCE)
            return self.original(*args, **kwargs)

        monkeypatch.setattr(owner, name, guarded)
