"""Answers that the client of Jina 3.34 with DocArray v2 gets from a Millrace Flow. `{port, protocol}` in, one line of JSON out, by scenario."""

import asyncio
import json
import sys
from functools import partial

import numpy as np
from docarray import BaseDoc, DocList
from docarray.documents.legacy import LegacyDocument
from docarray_v2_documents import Article, Arrays, Author, Encoded, Text, article, arrays, legacy, plain
from docarray_v2_scenarios import answers_of
from jina import Client
from jina.excepts import BadServer

SCENARIOS = {}
port = 0
protocol = ''


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


def post(client, on, docs, returned, **more):
    return client.post(on, inputs=docs, return_type=DocList[returned], **more)


@scenario
def ready(client):
    return client.is_flow_ready()


@scenario
def text(client):
    docs = DocList[Text]([Text(id=str(i), text=f'grüße {i} 你好') for i in range(250)])
    back = post(client, '/upper', docs, Text, results_in_order=True)
    return len(back), [doc.id for doc in back] == [doc.id for doc in docs], [doc.text for doc in back][:2]


@scenario
def large(client):
    docs = DocList[Text]([Text(text='x') for _ in range(10_000)])
    back = post(client, '/upper', docs, Text, request_size=10_000)
    return len(back), {doc.text for doc in back} == {'X'}


@scenario
def untyped_embedding(client):
    back = post(client, '/embed', Text(id='a', text='four'), Encoded)[0]
    return back.embedding.dtype.str, back.embedding.tolist()


@scenario
def typed_embedding(client):
    back = post(client, '/encode', DocList[Text]([Text(id=str(i), text='x' * i) for i in range(20)]), Encoded, results_in_order=True)
    return back[3].embedding.dtype.str, back[3].embedding.tolist(), [doc.id for doc in back] == [str(i) for i in range(20)]


@scenario
def unchanged(client):
    """Every kind of value, through endpoints that change nothing."""
    wrong = []
    for on in ['/echo', '/same', '/nobody-has-this']:
        for given in [article(), Article(id='e', title='', raw=b'')]:
            back = post(client, on, given, Article)[0]
            if plain(back) != plain(given):
                wrong.append([on, plain(back), plain(given)])
    return wrong


@scenario
def changed(client):
    back = post(client, '/article', article(), Article)[0]
    return back.title, back.views, [[one.name, one.age] for one in back.reviewers], back.author.name, back.embedding.tolist()


@scenario
def changed_untyped(client):
    back = post(client, '/tag', article(), Article)[0]
    return back.title, back.views, back.extra['f'], back.mask.tolist()


@scenario
def dtypes(client):
    wrong = []
    for given, back in zip(arrays(), post(client, '/echo', arrays(), Arrays, results_in_order=True)):
        a, b = np.asarray(given.array), np.asarray(back.array)
        # docarray itself reads an array without elements as float64
        if a.dtype != b.dtype or a.shape != b.shape or not np.array_equal(a, b):
            wrong.append([given.id, repr(a), repr(b)])
    return wrong


@scenario
def legacy_documents(client):
    return plain(post(client, '/echo', legacy(), LegacyDocument)[0]) == plain(legacy())


@scenario
def made_here(client):
    back = post(client, '/made', Text(text='x'), LegacyDocument)[0]
    return {
        'id': back.id,
        'text': back.text,
        'url': back.url,
        'tags': back.tags,
        'embedding': back.embedding.tolist(),
        'chunks': [[chunk.id, list(chunk.blob)] for chunk in back.chunks],
        'matches': [[match.id, match.text, match.scores] for match in back.matches],
    }


@scenario
def made_from_nothing(client):
    """A request without documents does not tell what the client speaks, so it says so."""
    said = {'headers': {'docarray': 'v2'}} if protocol == 'websocket' else {'metadata': (('docarray', 'v2'),)}
    back = client.post('/made', return_type=DocList[LegacyDocument], **said)
    return [back[0].id, back[0].text]


@scenario
def seen(client):
    responses = client.post('/seen', inputs=article(), return_type=DocList[Article], return_responses=True)
    return list(responses[0].parameters['__results__'].values())[0]['docs'][0]['tags']


@scenario
def emptied(client):
    return len(post(client, '/none', DocList[Text]([Text(text='x')]), Text)), len(post(client, '/echo', DocList[Text](), Text))


@scenario
def batched(client):
    return [doc.text for doc in post(client, '/batched', DocList[Text]([Text(text='a'), Text(text='b')]), Text, request_size=1, results_in_order=True)]


@scenario
def refused(client):
    errors = []
    for on, doc in [('/encode', Author(name='no text')), ('/fail', Text(text='x'))]:
        try:
            post(client, on, doc, Text)
        except BadServer as error:
            errors.append(error.args[0].status.description)
    return errors


@scenario
def streamed(client):
    async def words(on):
        fresh = Client(host='127.0.0.1', port=port, protocol='grpc', asyncio=True)
        return [doc.text async for doc in fresh.stream_doc(on=on, inputs=Text(text='a b c'), return_type=Text)]

    return asyncio.run(words('/words')), asyncio.run(words('/typed-words'))


@scenario
def unary(client):
    return [doc.text for doc in post(client, '/upper', DocList[Text]([Text(text='a')]), Text, stream=False)]


def main():
    global port, protocol
    given = json.loads(sys.stdin.read())
    port, protocol = given['port'], given['protocol']
    client = Client(host='127.0.0.1', port=port, protocol=protocol)
    answers = answers_of({name: partial(run, client) for name, run in SCENARIOS.items()})
    print(json.dumps(answers))


main()
