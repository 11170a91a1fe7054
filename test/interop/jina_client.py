"""Answers that the real Jina client gets from a Millrace Flow. One JSON value in, `{port, protocol}`; one line of JSON out, by scenario."""

import asyncio
import json
import sys

import numpy as np
import scipy.sparse as sp
from jina import Client, Document, DocumentArray
from jina.excepts import BadServer

DTYPES = ['?', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8']
SCENARIOS = {}
protocol = 'grpc'


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


def results(response):
    return list(response.parameters['__results__'].values())


@scenario
def ready(client):
    return client.is_flow_ready(), Client(host='127.0.0.1', port=1, protocol=protocol).is_flow_ready()


@scenario
def text(client):
    docs = DocumentArray([Document(id=str(i), text=f'grüße {i} 你好') for i in range(250)])
    back = client.post('/upper', docs)
    by_id = {doc.id: doc.text for doc in back}
    return len(back), sum(by_id[str(i)] == f'GRÜSSE {i} 你好' for i in range(250))


@scenario
def unknown_endpoint(client):
    back = client.post('/nobody-has-this', Document(id='x', text='as it was'))
    return back[0].id, back[0].text


def is_same_type(value, tensor):
    """JSON has numbers of one kind."""
    return value.dtype == tensor.dtype or protocol == 'http'


@scenario
def dtypes(client):
    wrong = []
    for dtype in DTYPES:
        for shape in [(2, 3), (6,), (1, 2, 3)]:
            tensor = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
            doc = client.post('/touch', Document(tensor=tensor))[0]
            for name, value in [('tensor', doc.tensor), ('embedding', doc.embedding)]:
                if not is_same_type(value, tensor) or value.shape != tensor.shape or not np.array_equal(value, tensor):
                    wrong.append(f'{name} {dtype} {shape}: {value!r}')
    # docarray itself reads an array without elements as float64
    for value in [client.post('/touch', Document(tensor=np.zeros((0, 3))))[0].embedding]:
        if value.shape != ((0,) if protocol == 'http' else (0, 3)):
            wrong.append(f'empty: {value!r}')
    return wrong


@scenario
def extremes(client):
    wrong = []
    for tensor in [
        # over HTTP a body's integers are doubles; those of an answer keep their digits
        *([] if protocol == 'http' else [np.array([2**63 - 1, -(2**63)], dtype='i8'), np.array([2**64 - 1], dtype='u8')]),
        # in JSON NaN is null, of which the client makes no number
        np.array([0 if protocol == 'http' else np.nan, np.inf, -np.inf, -0.0, 5e-324]),
        np.array([65504, 6e-8], dtype='f2'),
    ]:
        back = client.post('/touch', Document(tensor=tensor))[0].embedding
        if protocol == 'http':
            back = back.astype(tensor.dtype)
        if back.tobytes() != tensor.tobytes():
            wrong.append(f'{tensor!r}: {back!r}')
    return wrong


@scenario
def sparse(client):
    wrong = []
    for form in ['csr', 'csc', 'coo', 'bsr']:
        for dtype in ['f4', 'f8', 'i4', 'i8']:
            full = np.zeros((1, 9), dtype=dtype)
            full[0, [1, 4, 8]] = [1, 2, 3]
            matrix = getattr(sp, form + '_matrix')(full)
            for endpoint in ['/echo', '/touch-embedding']:
                back = client.post(endpoint, Document(embedding=matrix))[0].embedding
                dense = back if protocol == 'http' else back.toarray()
                if sp.issparse(back) == (protocol == 'http') or not np.array_equal(dense, full):
                    wrong.append(f'{form} {dtype} {endpoint}: {back!r}')
    return wrong


@scenario
def sparse_made_here(client):
    back = client.post('/embed-sparse', DocumentArray.empty(3), results_in_order=True)
    stacked = sp.csr_matrix(np.vstack(back.embeddings)) if protocol == 'http' else back.embeddings
    return type(stacked).__name__, stacked.shape, stacked.toarray().tolist()


@scenario
def blobs(client):
    blob = bytes(range(256)) * 4
    responses = client.post('/seen', Document(blob=blob), return_responses=True)
    return client.post('/echo', Document(blob=blob))[0].blob == blob, results(responses[0])[0]['bytes'][0] == list(blob)


@scenario
def nested(client):
    doc = Document(id='root', text='root', chunks=[Document(id='c', text='chunk', tags={'n': 1})])
    doc.chunks[0].chunks.append(Document(id='cc', tensor=np.eye(2)))
    doc.matches.append(Document(id='m', text='match'))
    back = client.post('/nest', doc)[0]
    return {
        'chunks': [(c.id, c.text, c.granularity, c.parent_id) for c in back.chunks],
        'deep': back.chunks[0].chunks[0].tensor.tolist(),
        'tags': back.chunks[0].tags,
        'matches': [(m.id, m.text, m.adjacency) for m in back.matches],
        'blob': list(back.matches[1].blob),
    }


@scenario
def tags(client):
    given = {'s': 'ü', 'n': 1.5, 'i': 3, 'b': True, 'none': None, 'list': [1, 'a', {'deep': []}], 'map': {'x': {'y': 2}}}
    seen = results(client.post('/seen', Document(tags=given), return_responses=True)[0])[0]['tags'][0]
    return client.post('/echo', Document(tags=given))[0].tags == given, seen == given


@scenario
def parameters(client):
    given = {'top': 3, 'deep': {'a': [1, True, None, 'x']}, 'counterpart__own': 7, 'elsewhere__own': 8}
    response = client.post('/ask', parameters=given, return_responses=True)[0]
    return results(response)[0]['parameters'], list(response.parameters['__results__'])


@scenario
def metadata(client):
    headers = {'headers': {'x-tenant': 'blue'}} if protocol != 'grpc' else {'metadata': (('x-tenant', 'blue'),)}
    response = client.post('/ask', return_responses=True, **headers)[0]
    return results(response)[0]['tenant'], results(response)[0]['endpoint']


@scenario
def routes(client):
    response = client.post('/ask', return_responses=True)[0]
    return [(route.executor, route.HasField('start_time'), route.HasField('end_time')) for route in response.routes]


@scenario
def raised(client):
    try:
        client.post('/fail-on-bad', Document(text='bad'))
    except BadServer as error:
        header = error.args[0]
        status = header.status
        return {
            'code': status.code,
            'description': status.description,
            'name': status.exception.name,
            'args': list(status.exception.args),
            'executor': status.exception.executor,
            'has_stack': any('failOnBad' in line for line in status.exception.stacks),
        }


@scenario
def callbacks(client):
    heard = []
    back = client.post(
        '/fail-on-bad',
        [Document(text=text) for text in ['fine', 'bad', 'fine']],
        request_size=1,
        results_in_order=True,
        on_done=lambda response: heard.append('done'),
        on_error=lambda response: heard.append('error'),
        on_always=lambda response: heard.append('always'),
    )
    return back, heard


@scenario
def only_on_error(client):
    errors = []
    back = client.post(
        '/fail-on-bad',
        [Document(text=text) for text in ['a', 'bad', 'b']],
        request_size=1,
        on_error=lambda response: errors.append(
            [route.status.code for route in response.routes if route.executor == 'counterpart']
        ),
    )
    return sorted(back.texts), errors


@scenario
def continued(client):
    docs = [Document(text=text) for text in ['a', 'bad', 'b']]
    back = client.post('/fail-on-bad', docs, request_size=1, continue_on_error=True)
    return sorted(back.texts)[:2], client.post('/upper', Document(text='after'))[0].text


@scenario
def order(client):
    docs = [Document(text='first'), Document(text='second')]
    return (
        client.post('/late-first', docs, request_size=1).texts,
        client.post('/late-first', docs, request_size=1, results_in_order=True).texts,
    )


@scenario
def empty(client):
    return (
        len(client.post('/echo')),
        len(client.post('/echo', DocumentArray())),
        len(client.post('/other-documents')),
        len(client.post('/echo', return_responses=True)),
    )


@scenario
def prefetch(client):
    """How many of 20 requests the executor has at once: each is held until that many have arrived."""

    def most(together, **kwargs):
        # over WebSocket a client goes on with the last prefetch
        responses = Client(host='127.0.0.1', port=client.args.port, protocol=protocol).post(
            '/together',
            (Document() for _ in range(20)),
            request_size=1,
            parameters={'together': together, 'of': 20},
            return_responses=True,
            **kwargs,
        )
        return max(results(response)[0]['most'] for response in responses)

    # over HTTP each request is a call of its own, and the gateway does not see the client's prefetch
    return (most(2, prefetch=2), most(20)) if protocol != 'http' else None


@scenario
def target_executor(client):
    marks = lambda **kwargs: client.post('/mark', Document(), **kwargs)[0].tags.get('marks', [])
    return marks(), marks(target_executor='counter'), marks(target_executor='first$')


@scenario
def request_size(client):
    responses = client.post('/seen', DocumentArray.empty(25), request_size=10, return_responses=True, results_in_order=True)
    return [results(response)[0]['count'] for response in responses]


@scenario
def unary(client):
    docs = [Document(text=text) for text in 'abc']
    return sorted(client.post('/upper', docs, request_size=1, stream=False).texts)


@scenario
def replicas(client):
    responses = client.post('/pid', DocumentArray.empty(40), request_size=1, return_responses=True)
    return len({results(response)[0]['pid'] for response in responses})


@scenario
def compressed(client):
    return client.post('/upper', Document(text='a' * 50_000), compression='Gzip')[0].text == 'A' * 50_000


@scenario
def large(client):
    back = client.post('/upper', (Document(text='a' * 20_000) for _ in range(1_000)))
    # over WebSocket the client takes no message of more than 4 MiB (aiohttp)
    blob = bytes(20_000_000 if protocol != 'websocket' else 4_000_000)
    return len(back), sum(len(doc.text) for doc in back), client.post('/echo', Document(blob=blob))[0].blob == blob


@scenario
def asynchronous(client):
    async def run():
        own = Client(host='127.0.0.1', port=client.args.port, protocol=protocol, asyncio=True)
        texts = []
        async for docs in own.post('/upper', [Document(text=text) for text in 'abc'], request_size=1):
            texts += docs.texts
        return sorted(texts)

    return asyncio.run(run())


def main():
    global protocol
    given = json.load(sys.stdin)
    protocol = given['protocol']
    client = Client(host='127.0.0.1', port=given['port'], protocol=protocol)
    answers = {}
    for name, function in SCENARIOS.items():
        try:
            answers[name] = function(client)
        except Exception as error:
            answers[name] = {'raised': repr(error)}
    print('\n' + json.dumps(answers))


if __name__ == '__main__':
    main()
