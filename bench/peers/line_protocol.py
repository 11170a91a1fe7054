"""The protocol between the benchmark and a peer: JSON commands on stdin, answers on stdout as lines that begin with `@@ `."""

import json
import os
import sys
import traceback


def say(**message):
    sys.stdout.write('\n@@ ' + json.dumps(message) + '\n')
    sys.stdout.flush()


def obey(answer):
    """Answers commands until the benchmark closes it or exits.

    A failure is shown and ends the program at once: the Flow around it may take minutes to close, or never do.
    """
    for line in sys.stdin:
        command = json.loads(line)
        if command['do'] == 'close':
            return
        try:
            say(**answer(command))
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
