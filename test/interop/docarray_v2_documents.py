"""Documents of DocArray v2 that fixtures and interoperability tests are made of."""

from typing import Any, Dict, List, Optional, Set, Tuple, Union

import numpy as np
from docarray import BaseDoc, DocList
from docarray.documents.legacy import LegacyDocument
from docarray.typing import AnyTensor, ImageUrl, NdArray

DTYPES = ['?', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8']


class Text(BaseDoc):
    text: str


class Encoded(BaseDoc):
    text: str
    embedding: NdArray[4]


class Author(BaseDoc):
    name: str
    age: Optional[int] = None


class Article(BaseDoc):
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
    either: Union[int, str] = 3
    embedding: Optional[NdArray] = None
    mask: Optional[AnyTensor] = None
    author: Optional[Author] = None
    reviewers: DocList[Author] = DocList[Author]()


def article(**more):
    return Article(
        id='a',
        title='grüße 你好',
        views=7,
        rating=3.0,
        draft=True,
        raw=b'\x00\xff',
        picture='http://example.org/a.png',
        keywords=['x', 'y'],
        pair=(5, 'b'),
        labels={'one'},
        extra={'n': 1, 'f': 1.0, 's': 'ü', 'b': True, 'none': None, 'list': [1, 2.5, 'a'], 'map': {'deep': {'x': 1}}},
        either='three',
        embedding=np.arange(3, dtype='f4'),
        mask=np.array([[True, False]]),
        author=Author(id='b', name='Ada', age=36),
        reviewers=DocList[Author]([Author(id='c', name='Bob'), Author(id='d', name='Eve', age=4)]),
        **more,
    )


def legacy():
    return LegacyDocument(
        id='l',
        text='hello',
        url='http://example.org/l.txt',
        embedding=np.arange(4, dtype='f8'),
        tags={'price': 10, 'half': 0.5, 'names': ['a']},
        chunks=DocList[LegacyDocument]([LegacyDocument(id='l1', text='chunk')]),
        matches=DocList[LegacyDocument]([LegacyDocument(id='l2', text='match', scores={'cosine': 0.25})]),
    )


class Arrays(BaseDoc):
    array: NdArray


def arrays():
    return DocList[Arrays](
        [Arrays(id=f'{dtype}{ndim}', array=np.arange(6).reshape((6,) if ndim == 1 else (1, 2, 3)).astype(dtype)) for dtype in DTYPES for ndim in [1, 3]]
        + [Arrays(id='scalar', array=np.array(5.0)), Arrays(id='empty', array=np.zeros((0, 3)))]
    )


def plain(value):
    """Values with their types, to be compared: 1 is not 1.0, and a list no tuple."""
    if isinstance(value, BaseDoc):
        return [type(value).__name__, {name: plain(getattr(value, name)) for name in sorted(type(value).model_fields)}]
    if isinstance(value, np.ndarray):
        return [value.dtype.str, list(value.shape), value.tolist()]
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple, DocList)):
        return ['list' if isinstance(value, DocList) else type(value).__name__, [plain(item) for item in value]]
    return [type(value).__name__, repr(value)]
