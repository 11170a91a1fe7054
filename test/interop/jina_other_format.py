"""What the client of Jina 3.14, with DocArray v1, gets of stages that speak only v2. `{port}` in, one line of JSON out, by scenario."""

import json
import sys

from jina import Client, Document, DocumentArray
from jina.excepts import BadServer

client = Client(host='127.0.0.1', port=json.loads(sys.stdin.read())['port'])


def reverse():
    docs = DocumentArray([Document(id=str(i), text=f'grüße {i}') for i in range(150)])
    back = client.post('/reverse', docs, parameters={'suffix': '!'}, results_in_order=True)
    return len(back), back[3].text, back[:, 'id'] == docs[:, 'id']


def encode():
    back = client.post('/encode', Document(id='a', text='four'))[0]
    return [back.id, back.text, back.embedding.tolist()]


def book():
    back = client.post('/book', Document(id='a', title='grüße', views=1, labels=['one'], extra={'deep': {'x': [1, None]}}))[0]
    return [back.id, {**back.tags, 'labels': sorted(back.tags['labels'])}]


def status_of(on, doc):
    try:
        client.post(on, doc)
    except BadServer as error:
        return error.args[0].status.description


def refused():
    return status_of('/book', Document(text='no title'))


def odd():
    return status_of('/odd', Document(title='a'))


def failed():
    return status_of('/fail', Document(text='x'))


answers = {}
for run in [reverse, encode, book, refused, odd, failed]:
    try:
        answers[run.__name__] = run()
    except Exception as error:
        answers[run.__name__] = f'{type(error).__name__}: {error}'
print(json.dumps(answers))
