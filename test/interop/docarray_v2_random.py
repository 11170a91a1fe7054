"""Random documents of the real docarray, for test/interop/docarray-v2-random.test.ts.

The first line of stdin has a seed and how many lists to make of each class. The answer has the bytes of each list, and its values. The
second line has the same lists as Millrace wrote them; its answer has the lists whose values are not those that were made.
"""

import base64
import json
import random
import struct
import sys
from typing import Any, Dict, List, Optional, Set, Tuple, Union

import numpy as np
from docarray import BaseDoc, DocList
from docarray.base_doc.base_node import BaseNode
from docarray.proto import DocListProto
from docarray.typing import ID, AnyUrl, ImageBytes, ImageNdArray, ImageUrl, NdArray, NdArrayEmbedding

# those that have a typed array in JavaScript, and the others
DTYPES = ['?', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8']
OTHERS = ['c8', 'c16', 'g', 'G', 'S3', 'U2', 'M8[D]', 'M8[ns]', 'm8[s]', 'V5']


class Author(BaseDoc):
    name: str
    age: Optional[int] = None
    photo: Optional[bytes] = None


class Book(BaseDoc):
    title: str
    author: Optional[Author] = None
    embedding: Optional[NdArray] = None
    authors: DocList[Author] = DocList[Author]()


class Values(BaseDoc):
    title: str
    views: int
    rating: float
    draft: bool
    raw: Optional[bytes] = None
    either: Union[int, str, float, bool, None] = None
    anything: Any = None
    keywords: List[str] = []
    numbers: List[Union[int, float]] = []
    pair: Tuple[int, str] = (1, 'a')
    labels: Set[str] = set()
    extra: Dict[str, Any] = {}
    picture: Optional[ImageUrl] = None
    größe: Optional[float] = None


class Arrays(BaseDoc):
    bool_: Optional[NdArray] = None
    int8: Optional[NdArray] = None
    uint8: Optional[NdArray] = None
    int16: Optional[NdArray] = None
    uint16: Optional[NdArray] = None
    int32: Optional[NdArray] = None
    uint32: Optional[NdArray] = None
    int64: Optional[NdArray] = None
    uint64: Optional[NdArray] = None
    float16: Optional[NdArray] = None
    float32: Optional[NdArray] = None
    float64: Optional[NdArray] = None


class OtherArrays(BaseDoc):
    array: NdArray
    picture: Optional[ImageNdArray] = None
    vector: Optional[NdArrayEmbedding] = None
    image: Optional[ImageBytes] = None


class SwappedArrays(BaseDoc):
    """Big-endian ones, which Millrace writes little-endian."""

    array: NdArray


class Nested(BaseDoc):
    author: Author
    editor: Optional[Author] = None
    reviewers: DocList[Author] = DocList[Author]()
    books: DocList[Book] = DocList[Book]()
    listed: List[Author] = []


class Counterparts(BaseDoc):
    """Fields that a Document has."""

    text: Optional[str] = None
    url: Optional[AnyUrl] = None
    uri: Optional[str] = None
    mime_type: Optional[str] = None
    modality: Optional[str] = None
    weight: Optional[float] = None
    offset: Union[int, float, None] = None
    location: Optional[List[float]] = None
    blob: Optional[bytes] = None
    tensor: Optional[NdArray] = None
    embedding: Optional[NdArray] = None
    tags: Optional[Dict[str, Any]] = None
    scores: Optional[Dict[str, float]] = None
    evaluations: Optional[Dict[str, Dict[str, Union[float, str]]]] = None
    chunks: Optional[DocList[Author]] = None
    matches: Optional[DocList[Book]] = None
    parent: Optional[ID] = None


class Maker:
    """Makes random values."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def maybe(self, make, *args):
        return make(*args) if self.random.random() < 0.7 else None

    def some(self, make, *args, most=3):
        return [make(*args) for _ in range(self.random.randint(0, most))]

    def text(self):
        ranges = [(0x20, 0x7E), (0, 0x1F), (0xA0, 0x17F), (0x4E00, 0x4E40), (0xE000, 0xFFFF), (0x1F300, 0x1F6FF), (0x10FF00, 0x10FFFF)]
        return ''.join(chr(self.random.randint(*self.random.choice(ranges))) for _ in range(self.random.randint(0, 8)))

    def own_id(self):
        return f'{self.random.getrandbits(128):032x}'

    def integer(self):
        return self.random.choice([0, 1, -1, 127, 128, 2**31 - 1, -(2**31), self.random.randint(-(2**31), 2**31 - 1)])

    def float(self):
        return self.random.choice([0.0, -0.0, 1.0, -3.0, 5e-324, 1.7976931348623157e308, 2.0**53, self.random.gauss(0, 1), self.random.uniform(-1e9, 1e9)])

    def any_float(self):
        return self.random.choice([float('nan'), float('inf'), float('-inf'), self.float()])

    def number(self):
        return self.random.choice([self.integer, self.float])()

    def bool(self):
        return self.random.random() < 0.5

    def bytes(self):
        return self.random.randbytes(self.random.randint(0, 6))

    def none(self):
        return None

    def key(self):
        # those of digits are in another order in JavaScript
        return self.random.choice(['', '0', '10', '2', '-1', '__proto__', 'constructor', 'k' + self.text()])

    def scalar(self):
        return self.random.choice([self.text, self.integer, self.any_float, self.bool, self.none])()

    def plain(self, depth=3):
        """What JSON has, and sets and tuples."""
        if depth == 0 or self.random.random() < 0.4:
            return self.scalar()
        kind = self.random.choice([list, tuple, dict, set])
        if kind is dict:
            return self.dict(self.plain, depth - 1)
        return kind(self.some(self.text) if kind is set else self.some(self.plain, depth - 1))

    def dict(self, make, *args):
        return {self.key(): make(*args) for _ in range(self.random.randint(0, 3))}

    def array(self, dtype):
        shape = [self.random.randint(0 if self.random.random() < 0.2 else 1, 4) for _ in range(self.random.randint(0, 4))]
        dtype = np.dtype(dtype)
        data = self.random.randbytes(int(np.prod(shape)) * dtype.itemsize)
        if dtype.kind in 'bU':  # not all bits are values
            data = np.array([self.random.randint(0, 1) for _ in range(int(np.prod(shape)))]).astype(dtype).tobytes()
        array = np.frombuffer(data, dtype=dtype).reshape(shape)
        return self.random.choice([array, np.asfortranarray(array), array[..., ::-1] if shape else array])

    def url(self, kind):
        return kind(f'http://example.org/{self.random.randint(0, 99)}/grüße.png')

    def author(self):
        return Author(id=self.own_id(), name=self.text(), age=self.maybe(self.integer), photo=self.maybe(self.bytes))

    def authors(self):
        return DocList[Author](self.some(self.author))

    def book(self):
        embedding = self.maybe(self.array, 'f4')
        return Book(id=self.own_id(), title=self.text(), author=self.maybe(self.author), embedding=embedding, authors=self.authors())

    def books(self):
        return DocList[Book](self.some(self.book))

    def values(self):
        return Values(
            id=self.own_id(),
            title=self.text(),
            views=self.integer(),
            rating=self.float(),
            draft=self.bool(),
            raw=self.maybe(self.bytes),
            either=self.random.choice([self.integer, self.text, self.float, self.bool, self.none])(),
            anything=self.plain(),
            keywords=self.some(self.text),
            numbers=self.some(self.number),
            pair=(self.integer(), self.text()),
            labels=set(self.some(self.text)),
            extra=self.dict(self.plain),
            picture=self.maybe(self.url, ImageUrl),
            größe=self.maybe(self.float),
        )

    def arrays(self):
        return Arrays(id=self.own_id(), **{name: self.maybe(self.array, dtype) for name, dtype in zip(list(Arrays.model_fields)[1:], DTYPES)})

    def other_arrays(self):
        picture = self.maybe(lambda: np.array([[[self.random.randint(0, 255)] * 3]], dtype='u1'))
        vector = self.maybe(lambda: np.array([self.float(), 1.0]))
        image = self.maybe(lambda: ImageBytes(self.bytes()))
        return OtherArrays(id=self.own_id(), array=self.array(self.random.choice(OTHERS)), picture=picture, vector=vector, image=image)

    def swapped_arrays(self):
        return SwappedArrays(id=self.own_id(), array=self.array('>' + self.random.choice(DTYPES[3:])))

    def nested(self):
        return Nested(
            id=self.own_id(),
            author=self.author(),
            editor=self.maybe(self.author),
            reviewers=self.authors(),
            books=self.books(),
            listed=self.some(self.author),
        )

    def evaluation(self):
        return {'value': self.float(), 'op_name': 'k' + self.text()}

    def counterparts(self):
        return Counterparts(
            id=self.own_id(),
            text=self.maybe(self.text),
            url=self.maybe(self.url, AnyUrl),
            uri=self.maybe(self.text),
            mime_type=self.maybe(self.text),
            modality=self.maybe(self.text),
            weight=self.maybe(self.any_float),
            offset=self.maybe(self.random.choice([self.integer, self.any_float])),
            location=self.maybe(self.some, self.any_float),
            blob=self.maybe(self.bytes),
            tensor=self.maybe(self.array, self.random.choice(DTYPES)),
            embedding=self.maybe(self.array, self.random.choice(DTYPES)),
            tags=self.maybe(self.dict, self.plain),
            scores=self.maybe(self.dict, self.any_float),
            evaluations=self.maybe(self.dict, self.evaluation),
            chunks=self.maybe(self.authors),
            matches=self.maybe(self.books),
            parent=self.maybe(self.own_id),
        )


def described(value, is_exact=True):
    """A value with its kind, so that 1 is not 1.0, and floats by their bits. Entries are sorted as JavaScript sorts.

    Not exact: without the dtype of arrays that have no elements, which docarray does not read."""
    kind = getattr(type(value), '_proto_type_name', None) if isinstance(value, BaseNode) else None
    if value is None:
        return ['none']
    if isinstance(value, BaseDoc):
        return ['doc', entries({name: getattr(value, name) for name in type(value).model_fields}, is_exact)]
    if isinstance(value, DocList):
        return ['doc_array', [described(item, is_exact)[1] for item in value]]
    if isinstance(value, np.ndarray):
        array = np.asarray(value)
        little = array.astype(array.dtype.newbyteorder('<'))
        dtype = little.dtype.str if is_exact or array.size > 0 else None
        return ['ndarray', dtype, list(array.shape), base64.b64encode(little.tobytes()).decode(), kind or 'ndarray']
    if isinstance(value, bool):
        return ['boolean', value]
    if isinstance(value, int):
        return ['integer', value]
    if isinstance(value, float):
        return ['float', struct.pack('<d', value).hex()]
    if isinstance(value, str):
        return ['text', str(value), kind]
    if isinstance(value, bytes):
        return ['blob', base64.b64encode(value).decode(), kind]
    if isinstance(value, dict):
        return ['dict', entries(value, is_exact)]
    return [type(value).__name__, [described(item, is_exact) for item in value]]


def entries(values, is_exact):
    return [[name, described(values[name], is_exact)] for name in sorted(values, key=lambda name: name.encode('utf-16-be'))]


def encoded(docs):
    return base64.b64encode(docs.to_protobuf().SerializeToString()).decode()


def decoded(kind, text):
    message = DocListProto()
    message.ParseFromString(base64.b64decode(text))
    return DocList[kind].from_protobuf(message)


def without_order(value):
    """Sets are rebuilt by each reader."""
    if isinstance(value, list):
        inner = [without_order(item) for item in value]
        return [inner[0], sorted(inner[1])] if inner[:1] == ['set'] else inner
    return value


def differences(kind, docs, text):
    expected = [without_order(described(doc, is_exact=False)) for doc in docs]
    came = [without_order(described(doc, is_exact=False)) for doc in decoded(kind, text)]
    return [] if came == expected else [{'class': kind.__name__, 'made': expected, 'came': came}]


def main():
    asked = json.loads(sys.stdin.readline())
    make = Maker(asked['seed'])
    makers = {
        Values: make.values,
        Arrays: make.arrays,
        OtherArrays: make.other_arrays,
        SwappedArrays: make.swapped_arrays,
        Nested: make.nested,
        Counterparts: make.counterparts,
    }
    made = [(kind, DocList[kind](make.some(one))) for kind, one in makers.items() for _ in range(asked['lists'])]
    lists = [{'class': kind.__name__, 'bytes': encoded(docs), 'values': described(docs)[1]} for kind, docs in made]
    print(json.dumps({'lists': lists}), flush=True)
    again = json.loads(sys.stdin.readline())['lists']
    found = [each for (kind, docs), texts in zip(made, again, strict=True) for text in texts for each in differences(kind, docs, text)]
    print(json.dumps({'differences': found}), flush=True)


main()
