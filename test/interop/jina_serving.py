"""Serves an Executor of real Jina, alone and in a Flow, for tests of external stages; with either version of DocArray."""

import json
import socket
import sys
from contextlib import ExitStack

from jina import Client, Deployment, Flow
from jina_ready import wait_until_ready


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def serve(executor, **others):
    """Reads one line of JSON, prints `{"executor": PORT, "flow": PORT}` when both serve, and ends when stdin is closed.

    Other Executors are served alone, and their ports are printed by their names.
    """
    sys.stdin.readline()
    ports = {name: free_port() for name in ['executor', 'flow', *others]}
    with ExitStack() as stack:
        for name, uses in {'executor': executor, **others}.items():
            stack.enter_context(Deployment(uses=uses, port=ports[name]))
        stack.enter_context(Flow(port=ports['flow']).add(uses=executor, name='inner'))
        wait_until_ready(Client(port=ports['flow']))
        print('\n' + json.dumps(ports), flush=True)
        sys.stdin.read()
        sys.stdout.flush()
