"""A Flow of real Jina counts as started before its gateway and its heads reach all of its Executors."""

import time

# in a row, because a head chooses one of its shards for each
DRY_RUNS = 20


def wait_until_ready(client):
    """Waits until requests reach the Executors: `client` is a Client or a Flow."""
    until = time.monotonic() + 40
    succeeded = 0
    while succeeded < DRY_RUNS:
        if client.is_flow_ready():
            succeeded += 1
            continue
        if time.monotonic() > until:
            raise TimeoutError('the Flow of Jina did not become ready in 40 s')
        succeeded = 0
        time.sleep(0.1)
