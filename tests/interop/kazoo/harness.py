"""What the parts of the kazoo program share: checks in the lines that scripts/lib/interop/program.js explains, clients
that remember through which states they went, and waiting."""

import sys
import threading
import time

from kazoo.client import KazooClient, KazooState
from kazoo.retry import KazooRetry

PATIENCE = 20
SESSION_TIMEOUT = 15

_lock = threading.Lock()
_failed = 0


def check(held, text, why=""):
    """Prints how a check went."""
    global _failed
    with _lock:
        if not held:
            _failed += 1
        print("ok " + text if held else "failed %s: %s" % (text, why), flush=True)


def check_equal(value, wanted, text):
    check(value == wanted, text, "it is %r, wanted %r" % (value, wanted))


def check_raises(error, text, function, *arguments, **named):
    try:
        value = function(*arguments, **named)
    except error:
        check(True, text)
    except Exception as other:
        check(False, text, "%r was raised" % other)
    else:
        check(False, text, "nothing was raised, the result is %r" % (value,))


def failed():
    return _failed


def please(wish):
    """Asks whoever runs the program for a fault, and waits until it happened."""
    print("please " + wish, flush=True)
    if not sys.stdin.readline().startswith("done"):
        raise RuntimeError("nobody did " + wish)


def eventually(condition, seconds=PATIENCE):
    """Whether the condition comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


class Client(KazooClient):
    """A client that notes the states of its connection, and repeats what a lost connection has interrupted."""

    def __init__(self, servers, **named):
        retry = KazooRetry(max_tries=-1, delay=0.02, max_delay=0.5, deadline=PATIENCE)
        super().__init__(hosts=servers, timeout=SESSION_TIMEOUT, command_retry=retry, **named)
        self.states = []
        self.add_listener(self._note)

    def _note(self, state):
        self.states.append(state)

    @property
    def was_lost(self):
        return KazooState.LOST in self.states

    @property
    def port(self):
        """The port of the server to which it is connected."""
        return self._connection._socket.getpeername()[1]

    def leave(self):
        self.stop()
        self.close()


def client(servers, **named):
    one = Client(servers, **named)
    one.start(timeout=PATIENCE)
    return one


def in_thread(function):
    """Runs a function beside; the result has `join(seconds)`, and `error` where it failed."""
    thread = _Beside(function)
    thread.start()
    return thread


class _Beside(threading.Thread):
    def __init__(self, function):
        super().__init__(daemon=True)
        self.function = function
        self.error = None

    def run(self):
        try:
            self.function()
        except Exception as error:
            self.error = error
