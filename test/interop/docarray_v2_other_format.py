"""What the client of Jina 3.34, with DocArray v2, gets of stages that speak only v1. `{port}` in, one line of JSON out, by scenario."""

import json
import sys
from typing import Any, Dict, List, Optional, Set, Tuple

import numpy as np
from docarray import BaseDoc, DocList
from docarray.documents.legacy import LegacyDocument
from docarray.typing import ImageUrl, NdArray
from docarray_v2_documents import DTYPES, Author, Text, plain
from docarray_v2_scenarios import answers_of
from jina import Client
from jina.excepts import BadServer

port = json.loads(sys.stdin.read())['port']
client = Client(host='127.0.0.1', port=port, protocol='grpc')


class Array(BaseDoc):
    tensor: NdArray


class Page(BaseDoc):
    text: str
    title: str
    views: int = 0
    rating: float = 0.0
    draft: bool = False
    raw: Optional[bytes] = None
    picture: Optional[ImageUrl] = None
    keywords: List[str] = []
    pair: Tuple[int, str] = (1, 'a')
    labels: Set[str] = set()
    extra: Dict[str, Any] = {}
    embedding: Optional[NdArray] = None
    mask: Optional[NdArray] = None
    author: Optional[Author] = None
    reviewers: DocList[Author] = DocList[Author]()


def page():
    return Page(
        id='p',
        text='grüße',
        title='你好',
        views=7,
        rating=3.0,
        draft=True,
        raw=b'\x00\xff',
        picture='http://example.org/a.png',
        keywords=['x', 'y'],
        pair=(5, 'b'),
        labels={'one'},
        extra={'n': 1, 'f': 1.0, 's': 'ü', 'b': True, 'none': None, 'list': [1, 2.5, 'a'], 'map': {'deep': {'x': 1}}},
        embedding=np.arange(3, dtype='f4'),
        mask=np.array([[True, False]]),
        author=Author(id='b', name='Ada', age=36),
        reviewers=DocList[Author]([Author(id='c', name='Bob'), Author(id='d', name='Eve', age=4)]),
    )


def post(on, docs, returned, **more):
    return client.post(on, inputs=docs, return_type=DocList[returned], results_in_order=True, **more)


def reverse():
    docs = DocList[Text]([Text(id=str(i), text=f'grüße {i}') for i in range(150)])
    back = post('/reverse', docs, Text, parameters={'suffix': '!'})
    return len(back), back[3].text, [doc.id for doc in back] == [doc.id for doc in docs]


def dtypes():
    wrong = []
    for dtype in DTYPES[1:]:
        tensor = np.arange(6).reshape((2, 3)).astype(dtype)
        back = post('/tensor', Array(tensor=tensor), Array)[0].tensor
        if back.dtype != tensor.dtype or not np.array_equal(back, tensor * 2):
            wrong.append(f'{dtype}: {back!r}')
    return wrong


def kept():
    """Every field but the text, which the Executor changes, is as it was."""
    back, expected = post('/keep', page(), Page)[0], page()
    expected.text += '!'
    return plain(back) == plain(expected) or [plain(back), plain(expected)]


def made():
    back = post('/new', None, LegacyDocument, metadata=(('docarray', 'v2'),))[0]
    return [back.text, [chunk.text for chunk in back.chunks]]


def refused():
    try:
        post('/keep', Page(text='a', title='b', extra={'array': np.zeros(2)}), Page)
    except BadServer as error:
        return error.args[0].status.description


def failed():
    try:
        post('/fail', Text(text='x'), Text)
    except BadServer as error:
        return error.args[0].status.description


answers = answers_of({run.__name__: run for run in [reverse, dtypes, kept, made, refused, failed]})
print(json.dumps(answers))
