"""Lists of documents, and what DocArray's own `reduce_all` makes of them. A number of cases in, one line of JSON out."""

import base64
import copy
import json
import random
import sys
from typing import Any, Dict, List, Optional, Set, Tuple

import numpy as np
from docarray import BaseDoc, DocList
from docarray.typing import NdArray
from docarray.utils.reduce import reduce_all


class Part(BaseDoc):
    name: Optional[str] = None
    words: List[str] = []


class Whole(BaseDoc):
    text: Optional[str] = None
    views: Optional[int] = None
    rating: float = 0.0
    words: List[str] = []
    maybe: Optional[List[int]] = None
    pair: Tuple[int, str] = (1, 'a')
    labels: Set[str] = set()
    tags: Dict[str, Any] = {}
    embedding: Optional[NdArray] = None
    part: Part = Part(id='part')
    chunks: DocList[Part] = DocList[Part]()
    matches: Optional[DocList[Part]] = None


def some(rng, *values):
    return rng.choice([None, *values])


def part(rng, own_id):
    return Part(id=own_id, name=some(rng, 'x', 'y', ''), words=rng.sample(['a', 'b', 'c'], rng.randint(0, 2)))


def parts(rng):
    return DocList[Part]([part(rng, own_id) for own_id in rng.sample(['p', 'q', 'r'], rng.randint(0, 3))])


def whole(rng, own_id):
    return Whole(
        id=own_id,
        text=some(rng, 'one', 'two', ''),
        views=some(rng, 0, 7, -3),
        rating=rng.choice([0.0, 0.5]),
        words=rng.sample(['a', 'b', 'c'], rng.randint(0, 3)),
        maybe=some(rng, [], [1, 2]),
        pair=(rng.randint(0, 2), 'b'),
        labels=set(rng.sample(['l', 'm', 'n'], rng.randint(0, 3))),
        tags={key: rng.choice([1, 2.5, None, [1, 'a'], {'deep': rng.randint(0, 3)}]) for key in rng.sample(['k', 'l', 'm'], rng.randint(0, 3))},
        embedding=some(rng, np.array([rng.random(), 1.0], dtype='f4')),
        part=part(rng, 'part'),
        chunks=parts(rng),
        matches=some(rng, parts(rng)),
    )


def case(rng):
    ids = ['a', 'b', 'c', 'd']
    # a document that only the later lists have is in one of them: DocArray appends it once for each
    first = rng.sample(ids[:3], rng.randint(1, 3))
    lists = [first, rng.sample(first, rng.randint(0, len(first))), rng.sample([*first, 'd'], rng.randint(0, len(first)))]
    lists = [DocList[Whole]([whole(rng, own_id) for own_id in one]) for one in lists]
    return {'lists': [encoded(one) for one in lists], 'merged': encoded(reduce_all(copy.deepcopy(lists)))}


def encoded(docs):
    return base64.b64encode(docs.to_protobuf().SerializeToString()).decode()


count = json.loads(sys.stdin.read())
print(json.dumps([case(random.Random(seed)) for seed in range(count)]))
