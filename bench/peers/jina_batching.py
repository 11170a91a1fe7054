"""A Jina Flow of one Executor that waits 20 ms and half a millisecond a document, with dynamic batching:
python jina_batching.py '{"size": 64}'

Says `{port}` when ready, and `{}` at the end.
"""

import json
import sys
import time

from jina import DocumentArray, Executor, Flow, dynamic_batching, requests

from line_protocol import obey, say

options = json.loads(sys.argv[1])


class Batched(Executor):
    # A batch that is not full starts after 10 ms, and not after 10 s, which is the default.
    @requests
    @dynamic_batching(preferred_batch_size=options['size'], timeout=10)
    def encode(self, docs: DocumentArray, **kwargs):
        time.sleep(0.020 + 0.0005 * len(docs))


def main():
    with Flow(host='127.0.0.1').add(uses=Batched) as flow:
        say(port=flow.port)
        obey(lambda command: {})
    say()


if __name__ == '__main__':
    main()
