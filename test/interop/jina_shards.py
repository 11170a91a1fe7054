"""What the real Jina client, and a bare gRPC stub of Jina's, get from sharded Millrace Flows.

One JSON value in, `{port, partial}`; one line of JSON out, by scenario. The Flow at `port` fails when a shard does, the one
at `partial` answers without it. Both have a stage `indexer` of three shards.
"""

import json
import sys

import grpc
import numpy as np
from jina import Client, Document, DocumentArray
from jina.excepts import BadServer
from jina.proto import jina_pb2_grpc
from jina.types.request.data import DataRequest

RANDOM = np.random.default_rng(11)
VECTORS = RANDOM.integers(-8, 9, (40, 6)).astype('f4') / 4
QUERIES = RANDOM.integers(-8, 9, (3, 6)).astype('f4') / 4
SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


def corpus():
    return DocumentArray(
        [
            Document(id=f'd{n}', text=f'text {n} ü', embedding=vector, tags={'n': n, 'deep': {'list': [n, None, 'ü']}})
            for n, vector in enumerate(VECTORS)
        ]
    )


def queries():
    return DocumentArray(
        [Document(id=f'q{n}', embedding=vector, tags={'asked': n}) for n, vector in enumerate(QUERIES)]
    )


def nearest(query, vectors=VECTORS, ids=None):
    """Ids and distances of all documents, the best first."""
    ids = ids or [f'd{n}' for n in range(len(vectors))]
    distances = ((vectors.astype('f8') - query.astype('f8')) ** 2).sum(axis=1).astype('f4')
    return sorted(zip(ids, distances.tolist()), key=lambda pair: (pair[1], pair[0]))


def found(doc):
    return [(match.id, match.scores['sqeuclidean'].value) for match in doc.matches]


def request_for(endpoint, docs, parameters=None):
    request = DataRequest()
    request.header.exec_endpoint = endpoint
    request.parameters = parameters or {}
    request.data.docs = docs
    return request


def told(response, trailing):
    trailers = dict(trailing)
    return {
        'status': [response.status.code, response.status.description],
        'coverage': response.parameters.get('__coverage__'),
        'docs': len(response.docs),
        'trailers': {key: trailers.get(key) for key in ['total_shards', 'failed_shards', 'is-error']},
    }


def unary(port, *args):
    with grpc.insecure_channel(f'127.0.0.1:{port}') as channel:
        stub = jina_pb2_grpc.JinaSingleDataRequestRPCStub(channel)
        response, call = stub.process_single_data.with_call(request_for(*args))
        return told(response, call.trailing_metadata())


def streamed(port, *several):
    with grpc.insecure_channel(f'127.0.0.1:{port}') as channel:
        call = jina_pb2_grpc.JinaRPCStub(channel).Call(iter([request_for(*args) for args in several]))
        responses = list(call)
        return told(responses[-1], call.trailing_metadata()), len(responses)


@scenario
def indexed(ports):
    for port in ports.values():
        back = Client(host='127.0.0.1', port=port).post('/index', corpus(), request_size=7, results_in_order=True)
    return [doc.id for doc in back] == [doc.id for doc in corpus()], len(back)


@scenario
def in_order(ports):
    """One request whose documents are spread over all shards."""
    docs = corpus()
    docs[5].chunks.append(Document(id='c', text='chunk', blob=b'\x00\xff'))
    back = Client(host='127.0.0.1', port=ports['port']).post('/mark', docs, request_size=100)
    wrong = [
        doc.id
        for doc, other in zip(docs, back)
        if (doc.id, doc.text) != (other.id, other.text)
        or {**doc.tags, 'shard': other.tags['shard']} != other.tags
        or other.embedding.dtype != np.float32
        or doc.embedding.tobytes() != other.embedding.tobytes()
    ]
    chunk = back[5].chunks[0]
    return {
        'wrong': wrong,
        'shards': sorted({doc.tags['shard'] for doc in back}),
        'chunk': [chunk.text, list(chunk.blob), chunk.parent_id],
    }


@scenario
def searched(ports):
    client = Client(host='127.0.0.1', port=ports['port'])
    wrong = []
    for limit in [None, 1, 7, 40, 100]:
        parameters = {} if limit is None else {'limit': limit}
        for n, doc in enumerate(client.post('/search', queries(), parameters=parameters)):
            if doc.id != f'q{n}' or doc.tags != {'asked': n} or doc.embedding.tobytes() != QUERIES[n].tobytes():
                wrong.append(f'query {doc!r}')
            if found(doc) != nearest(QUERIES[n])[: limit or 10]:
                wrong.append(f'limit {limit}: {found(doc)}')
            for match in doc.matches:
                known = corpus()[match.id]
                if (match.text, match.tags) != (known.text, known.tags) or match.embedding.tobytes() != known.embedding.tobytes():
                    wrong.append(f'match {match!r}')
                if match.embedding.dtype != np.float32 or match.adjacency != 1:
                    wrong.append(f'match {match.embedding.dtype} {match.adjacency}')
    return wrong


@scenario
def results(ports):
    response = Client(host='127.0.0.1', port=ports['port']).post('/count', Document(), return_responses=True)[0]
    counts = response.parameters['__results__']
    return sorted(counts), sum(result['count'] for result in counts.values()), response.parameters['__coverage__']


@scenario
def routes(ports):
    response = Client(host='127.0.0.1', port=ports['port']).post('/search', queries(), return_responses=True)[0]
    return [(route.executor, route.status.code) for route in response.routes]


@scenario
def complete(ports):
    return {
        'unary': unary(ports['port'], '/search', queries()),
        'owner': unary(ports['port'], '/mark', corpus()[:1]),
        'stream': streamed(ports['port'], *[('/search', queries())] * 4),
        'unsharded': unary(ports['port'], '/nobody-has-this', queries()),
    }


@scenario
def partial(ports):
    """The matches of two shards, when the executor of the third fails."""
    broken = {'broken': 1}
    port = ports['partial']
    client = Client(host='127.0.0.1', port=port)
    where = client.post('/mark', corpus(), request_size=100)
    kept = [n for n, doc in enumerate(where) if doc.tags['shard'] != 1]
    wrong = []
    for n, doc in enumerate(client.post('/search', queries(), parameters=broken)):
        if found(doc) != nearest(QUERIES[n], VECTORS[kept], [f'd{n}' for n in kept])[:10]:
            wrong.append(found(doc))
    return {
        'wrong': wrong,
        'is_part': 0 < len(kept) < len(VECTORS),
        'unary': unary(port, '/search', queries(), broken),
        'stream': streamed(port, ('/search', queries()), ('/search', queries(), broken), ('/search', queries(), broken)),
    }


@scenario
def failed(ports):
    broken = {'broken': 1}
    client = Client(host='127.0.0.1', port=ports['port'])
    try:
        client.post('/search', queries(), parameters=broken)
        raised = None
    except BadServer as error:
        status = error.args[0].status
        raised = [status.code, status.description, status.exception.name, status.exception.executor]
    return {
        'raised': raised,
        'unary': unary(ports['port'], '/search', queries(), broken),
        'after': len(client.post('/search', queries())[0].matches),
    }


def main():
    ports = json.load(sys.stdin)
    answers = {}
    for name, function in SCENARIOS.items():
        try:
            answers[name] = function(ports)
        except Exception as error:
            answers[name] = {'raised': repr(error)}
    print('\n' + json.dumps(answers))


if __name__ == '__main__':
    main()
