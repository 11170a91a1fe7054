"""How the bench talks to a peer: JSON commands on stdin, answers on stdout as lines that begin with `@@ `."""

import json
import os
import sys
import traceback


def say(**message):
    sys.stdout.write('\n@@ ' + json.dumps(message) + '\n')
    sys.stdout.flush()


def commands():
    """Yields commands until the bench closes stdin or says close."""
    for line in sys.stdin:
        command = json.loads(line)
        if command['do'] == 'close':
            return
        yield command


def run(main):
    """Runs main; a failure is shown and ends the program at once, not after a Flow that may never close."""
    try:
        main()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
