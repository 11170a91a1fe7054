"""Runs scenarios with the client of Jina 3.34, which sometimes waits for ever.

A record of the bytes shows that the answer, the close frames of both sides and the end of the socket have arrived, and that the
client waits in its event loop all the same: once in some hundred calls on a busy machine, with uvloop and without. So a scenario
that takes too long begins once more.
"""

import os
import signal

# read when jina is imported; uvloop swallows what a handler of a signal raises
os.environ['JINA_DISABLE_UVLOOP'] = '1'

SECONDS = 15
TURNS = 3


class TooLong(BaseException):
    """Not an Exception: neither Jina nor a scenario catches it."""


def expire(*_):
    raise TooLong


def patiently(run):
    """What `run` returns."""
    signal.signal(signal.SIGALRM, expire)
    for _ in range(TURNS):
        # again after a while, in case the end of the event loop waits too
        signal.setitimer(signal.ITIMER_REAL, SECONDS, SECONDS)
        try:
            return run()
        except TooLong:
            continue
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    raise TimeoutError(f'the client did not return within {SECONDS} s, {TURNS} times')


def answers_of(runs):
    """What each returns, or its error as a text, by name."""
    answers = {}
    for name, run in runs.items():
        try:
            answers[name] = patiently(run)
        except Exception as error:
            answers[name] = f'{type(error).__name__}: {error}'
    return answers
