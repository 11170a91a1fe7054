"""What the client of Jina 3.34 gets of Jina's own Executors behind a gateway of Millrace. `{port}` in, one line of JSON out, by scenario."""

import asyncio
import json
import sys

from docarray import DocList
from docarray_v2_documents import Article, Encoded, Text, article, plain
from docarray_v2_scenarios import answers_of
from jina import Client
from jina.excepts import BadServer

port = json.loads(sys.stdin.read())['port']
client = Client(host='127.0.0.1', port=port, protocol='grpc')


def post(on, docs, returned, **more):
    return client.post(on, inputs=docs, return_type=DocList[returned], results_in_order=True, **more)


def reverse():
    docs = DocList[Text]([Text(id=str(i), text=f'grüße {i}') for i in range(150)])
    back = post('/reverse', docs, Text, parameters={'suffix': '!'})
    return len(back), back[3].text, [doc.id for doc in back] == [doc.id for doc in docs]


def unary():
    return [doc.text for doc in post('/reverse', DocList[Text]([Text(text='abc')]), Text, stream=False)]


def encode():
    back = post('/encode', Text(id='a', text='four'), Encoded)[0]
    return [back.id, back.embedding.tolist()]


def unchanged():
    back, expected = post('/article', article(), Article)[0], article()
    expected.views += 1
    return plain(back) == plain(expected)


def alone():
    return [doc.text for doc in post('/alone', DocList[Text]([Text(text='a'), Text(text='b')]), Text)]


def failed():
    try:
        post('/fail', Text(text='x'), Text)
    except BadServer as error:
        return error.args[0].status.description


def refused():
    try:
        post('/reverse', Article(title='no text'), Text)
    except BadServer as error:
        return 'text' in error.args[0].status.description


def streamed():
    async def words():
        fresh = Client(host='127.0.0.1', port=port, protocol='grpc', asyncio=True)
        return [doc.text async for doc in fresh.stream_doc(on='/words', inputs=Text(text='a b c'), return_type=Text)]

    return asyncio.run(words())


answers = answers_of({run.__name__: run for run in [reverse, unary, encode, unchanged, alone, failed, refused, streamed]})
print(json.dumps(answers))
