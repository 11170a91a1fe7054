"""Real Jina as an external stage: a single Executor, or a whole Flow.

Reads one line of JSON, prints `{"executor": PORT, "flow": PORT}` when both serve, and ends when stdin is closed.
"""

import json
import os
import socket
import sys

from jina import Deployment, Document, DocumentArray, Executor, Flow, requests


class Foreign(Executor):
    @requests(on='/reverse')
    def reverse(self, docs, parameters, **kwargs):
        for doc in docs:
            doc.text = doc.text[::-1] + parameters.get('suffix', '')

    @requests(on='/tensor')
    def double(self, docs, **kwargs):
        for doc in docs:
            doc.tensor = doc.tensor * 2

    @requests(on='/fail')
    def fail(self, **kwargs):
        raise ValueError('not today')

    @requests(on='/results')
    def results(self, docs, **kwargs):
        return {'seen': len(docs)}

    @requests(on='/new')
    def new(self, **kwargs):
        return DocumentArray([Document(text='from Python', chunks=[Document(text='part')])])

    @requests(on='/keep')
    def keep(self, docs, **kwargs):
        for doc in docs:
            doc.text += '!'

    @requests(on='/gather')
    def gather(self, docs, **kwargs):
        return DocumentArray([Document(id='all', text=' '.join(docs.texts))])


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def main():
    sys.stdin.readline()
    alone, flow_port = free_port(), free_port()
    with Deployment(uses=Foreign, port=alone), Flow(port=flow_port).add(uses=Foreign, name='inner'):
        print('\n' + json.dumps({'executor': alone, 'flow': flow_port}), flush=True)
        sys.stdin.read()
        sys.stdout.flush()


if __name__ == '__main__':
    main()
