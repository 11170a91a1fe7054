"""How the bench talks to a peer: JSON commands on stdin, answers on stdout as lines that begin with `@@ `."""

import json
import sys


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
