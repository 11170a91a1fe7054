"""A Jina Flow of no-op Executors: python jina_flow.py '{"stages": 1, "replicas": 1, "protocol": "grpc"}'

Says `{port, startS}` when ready; obeys `{"do": "stream", requests, docsPerRequest, textBytes}` with `{wallS, docs}`;
says `{closeS}` at the end.
"""

import json
import sys
import time

from jina import Document, DocumentArray, Executor, Flow, requests

from line_protocol import obey, say


class NoOp(Executor):
    @requests
    def pass_on(self, docs: DocumentArray, **kwargs):
        pass


def stream(flow, command):
    text = 'x' * command['textBytes']
    count = command['requests'] * command['docsPerRequest']
    begin = time.perf_counter()
    docs = flow.post('/', (Document(text=text) for _ in range(count)), request_size=command['docsPerRequest'])
    return {'wallS': time.perf_counter() - begin, 'docs': len(docs)}


def main():
    options = json.loads(sys.argv[1])
    flow = Flow(host='127.0.0.1', protocol=options.get('protocol', 'grpc'))
    for index in range(options['stages']):
        flow = flow.add(name=f'stage{index}', uses=NoOp, replicas=options['replicas'])
    begin = time.perf_counter()
    with flow:
        say(port=flow.port, startS=time.perf_counter() - begin)
        obey(lambda command: stream(flow, command))
        begin = time.perf_counter()
    say(closeS=time.perf_counter() - begin)


if __name__ == '__main__':
    main()
