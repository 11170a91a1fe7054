"""What the client of Jina 3.34 gets of stages whose answers Millrace merges. `{port}` in, one line of JSON out."""

import json
import sys

import numpy as np
from docarray import DocList
from docarray.documents.legacy import LegacyDocument
from docarray_v2_documents import Article, article, plain
from jina import Client

client = Client(host='127.0.0.1', port=json.loads(sys.stdin.read())['port'], protocol='grpc')


def post(on, docs, returned, **more):
    return client.post(on, inputs=docs, return_type=DocList[returned], results_in_order=True, **more)


def vector(own_id, value):
    return LegacyDocument(id=own_id, text=own_id, embedding=np.array([value], dtype='f4'))


stored = DocList[LegacyDocument]([vector(f'd{i}', i) for i in range(20)])
indexed = post('/index', stored, LegacyDocument, request_size=20)
responses = client.post('/count', return_responses=True)
counts = [result['count'] for result in responses[0].parameters['__results__'].values()]
found = post('/search', DocList[LegacyDocument]([vector('q', 4.2), vector('r', 19.0)]), LegacyDocument, parameters={'limit': 4})
given = DocList[Article]([article(), Article(id='b', title='B', draft=True), Article(id='c', title='C')])
joined = post('/publish', given, Article)
unchanged = article()
unchanged.title += '!'
unchanged.views += 1
print(
    json.dumps(
        {
            'indexed': [doc.id for doc in indexed] == [doc.id for doc in stored],
            'counts': [sum(counts), len([count for count in counts if count > 0])],
            'found': [[[match.id for match in doc.matches], doc.text] for doc in found],
            'joined': [[doc.id, doc.title, doc.views] for doc in joined],
            'kept': plain(joined[0]) == plain(unchanged),
        }
    )
)
