"""What the HTTP client of Jina 3.34 with DocArray v2 gets of a Millrace Flow. `{port}` in, one line of JSON out, by scenario."""

import asyncio
import json
import sys

import numpy as np
from docarray import DocList
from docarray.documents.legacy import LegacyDocument
from docarray_v2_documents import Article, Author, Encoded, Text, article, plain
from docarray_v2_scenarios import answers_of
from jina import Client

port = json.loads(sys.stdin.read())['port']
client = Client(host='127.0.0.1', port=port, protocol='http')
V2 = {'docarray': 'v2'}


def post(on, docs, returned, **more):
    return client.post(on, inputs=docs, return_type=DocList[returned], headers=V2, results_in_order=True, **more)


def in_json():
    """The client cannot write bytes to JSON, and a whole number in a dict may come back as int."""
    given = article()
    given.raw = None
    given.extra['f'] = 1.5
    return given


def text():
    docs = DocList[Text]([Text(id=str(i), text=f'grüße {i} 你好' if i else '') for i in range(250)])
    back = post('/upper', docs, Text)
    return len(back), [doc.id for doc in back] == [doc.id for doc in docs], [doc.text for doc in back][:2]


def large():
    back = post('/upper', DocList[Text]([Text(text='x') for _ in range(10_000)]), Text, request_size=10_000)
    return len(back), {doc.text for doc in back} == {'X'}


def untyped_embedding():
    back = post('/embed', Text(id='a', text='four'), Encoded)[0]
    return back.embedding.tolist()


def typed_embedding():
    back = post('/encode', DocList[Text]([Text(id=str(i), text='x' * i) for i in range(20)]), Encoded)
    return [doc.embedding.tolist()[0] for doc in back][:3], back[0].text == ''


def unchanged():
    wrong = []
    for on in ['/echo', '/same', '/nobody-has-this']:
        for given in [in_json(), Article(id='e', title='')]:
            back = post(on, given, Article)[0]
            # JSON has no dtypes: arrays of numbers come back as numpy makes them of lists
            for doc in [back, given]:
                doc.embedding = None if doc.embedding is None else np.asarray(doc.embedding, dtype='f8')
            if plain(back) != plain(given):
                wrong.append([on, plain(back), plain(given)])
    return wrong


def changed():
    back = post('/article', in_json(), Article)[0]
    return back.title, back.views, [[one.name, one.age] for one in back.reviewers], back.author.name, back.embedding.tolist()


def legacy():
    given = LegacyDocument(id='l', text='hello', tags={'price': 10}, chunks=DocList[LegacyDocument]([LegacyDocument(id='c', text='chunk')]))
    back = post('/echo', given, LegacyDocument)[0]
    return back.id, back.text, back.tags, [[chunk.id, chunk.text] for chunk in back.chunks]


def made():
    back = client.post('/made', return_type=DocList[LegacyDocument], headers=V2)[0]
    return back.id, back.text, [match.scores for match in back.matches]


def refused():
    try:
        post('/encode', Author(name='no text'), Text)
    except Exception as error:
        return 'data[0].text' in str(error)


def streamed():
    async def words(on):
        fresh = Client(host='127.0.0.1', port=port, protocol='http', asyncio=True)
        return [doc.text async for doc in fresh.stream_doc(on=on, inputs=Text(text='a b c'), return_type=Text, headers=V2)]

    return asyncio.run(words('/words')), asyncio.run(words('/typed-words'))


answers = answers_of({run.__name__: run for run in [text, large, untyped_embedding, typed_embedding, unchanged, changed, legacy, made, refused, streamed]})
print(json.dumps(answers))
