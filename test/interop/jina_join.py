"""Joins that keep their branches apart, on both sides of a real Jina gateway.

Reads one line of JSON, `{"ours": PORT}`: an Executor of Millrace. Starts three Executors of Jina, `left`, `right` and `join`,
and a gateway of Jina that sends the answers of `left` and `right` to ours by `process_data`. Prints their ports, and what
that gateway answers, as one line of JSON, and ends when stdin is closed.
"""

import json
import subprocess
import sys
from contextlib import ExitStack

from jina import Client, Deployment, Document, DocumentArray, Executor, requests
from jina_ready import wait_until_ready
from jina_serving import free_port


class Side(Executor):
    def __init__(self, mark='', **kwargs):
        super().__init__(**kwargs)
        self.mark = mark

    @requests(on='/parts')
    def mark_all(self, docs, **kwargs):
        for doc in docs:
            doc.text += self.mark
        docs.append(Document(id=self.mark, text=self.mark))


class Join(Executor):
    @requests(on='/parts')
    def parts(self, docs, docs_matrix, docs_map, parameters, **kwargs):
        result = {
            'docs': docs.texts,
            'matrix': [part.texts for part in docs_matrix],
            'map': {name: part.texts for name, part in docs_map.items()},
            'top_k': parameters['top_k'],
        }
        docs.append(Document(id='joined', text='joined'))
        return result

    @requests(on='/fail')
    def fail(self, **kwargs):
        raise ValueError('not these two')


def deployed(stack, name, uses, **uses_with):
    port = free_port()
    stack.enter_context(Deployment(name=name, uses=uses, uses_with=uses_with, port=port, include_gateway=False))
    return port


def gateway_of(stack, addresses):
    port = free_port()
    graph = {'start-gateway': ['left', 'right'], 'left': ['join'], 'right': ['join'], 'join': ['end-gateway']}
    process = subprocess.Popen(
        [
            *[sys.executable, '-m', 'jina', 'gateway', '--uses', 'GRPCGateway', '--protocol', 'grpc'],
            *['--port', str(port), '--graph-description', json.dumps(graph)],
            *['--deployments-addresses', json.dumps({name: [f'127.0.0.1:{at}'] for name, at in addresses.items()})],
            *['--deployments-no-reduce', '["join"]'],
        ],
        stdout=sys.stderr,
    )
    stack.callback(process.wait, 30)
    stack.callback(process.terminate)
    return port


def posted(port):
    client = Client(host='127.0.0.1', port=port)
    wait_until_ready(client)
    docs = DocumentArray([Document(id='1', text='x')])
    [response] = client.post('/parts', docs, parameters={'top_k': 3}, return_responses=True, stream=False)
    results = response.parameters['__results__']
    return {'docs': response.docs.texts, 'result': list(results.values())[0]}


def main():
    ours = json.loads(sys.stdin.readline())['ours']
    with ExitStack() as stack:
        ports = {mark: deployed(stack, mark, Side, mark=mark) for mark in ['left', 'right']}
        answer = posted(gateway_of(stack, {**ports, 'join': ours}))
        ports['join'] = deployed(stack, 'join', Join)
        print('\n' + json.dumps({'ports': ports, 'answer': answer}), flush=True)
        sys.stdin.read()


if __name__ == '__main__':
    main()
