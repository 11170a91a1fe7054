"""Compares Flows with different numbers of shards with numpy, over a random history of an index.

One JSON value in, `{seed, flows: {name: port}, size, changes}`; one line of JSON out: how much was compared, and what was
wrong. All Flows get the same history. With `changes` documents are updated and deleted between searches, else only added.
"""

import json
import sys

import numpy as np
from jina import Client, Document, DocumentArray

KINDS = ['red', 'green', 'blue']


class Oracle:
    """All documents in one list, and a search that compares all of them."""

    def __init__(self):
        self.docs = {}

    def put(self, docs):
        for doc in docs:
            self.docs[doc['id']] = doc

    def remove(self, ids):
        for own in ids:
            self.docs.pop(own, None)

    def search(self, vector, limit, wanted):
        kept = [doc for doc in self.docs.values() if all(doc['tags'][name] == value for name, value in wanted.items())]
        if not kept:
            return []
        matrix = np.stack([doc['vector'] for doc in kept])
        distances = np.zeros(len(kept), dtype='f8')
        for column in range(matrix.shape[1]):  # in this order, whatever numpy's sum does
            distances += (matrix[:, column].astype('f8') - np.float64(vector[column])) ** 2
        pairs = zip(kept, distances.astype('f4').tolist())
        # equal scores by id in UTF-16 code units
        ranked = sorted(pairs, key=lambda pair: (pair[1], pair[0]['id'].encode('utf-16-be')))
        return [(doc['id'], distance, doc['text']) for doc, distance in ranked[:limit]]


class History:
    """The writes and searches of an index; the same for the same seed."""

    def __init__(self, seed, size, changes):
        self.random = np.random.default_rng(seed)
        self.size, self.changes = size, changes
        self.made = 0
        # on a coarse grid many distances are equal, so that ids decide
        self.coarse = bool(seed % 2)

    def vector(self):
        if self.coarse:
            return (self.random.integers(-2, 3, 4) / 2).astype('f4')
        return self.random.standard_normal(8).astype('f4')

    def doc(self, own=None):
        if own is None:
            # ids of any length, some of them beyond ASCII and beyond the BMP
            own = f"{['d', 'ü', 'ﬀ', '🚀'][self.made % 4]}{self.random.integers(10**6)}-{self.made}"
            self.made += 1
        tags = {'kind': KINDS[self.random.integers(3)], 'even': bool(self.random.integers(2))}
        return {'id': own, 'vector': self.vector(), 'tags': tags, 'text': f'{own} {self.random.integers(1000)}'}

    def some(self, oracle, share):
        known = sorted(oracle.docs)
        return [known[at] for at in self.random.choice(len(known), int(len(known) * share), replace=False)]

    def steps(self, oracle):
        yield 'search', None
        for _ in range(2):
            yield '/index', [self.doc() for _ in range(self.size // 2)]
            yield 'search', None
            if self.changes:
                yield '/update', [self.doc(own) for own in self.some(oracle, 0.3)]
                yield 'search', None
                gone = self.some(oracle, 0.2)
                yield '/delete', [self.doc(own) for own in [*gone, 'never-there']]
                yield 'search', None
                yield '/index', [self.doc(own) for own in gone[: len(gone) // 2]]
                yield 'search', None

    def questions(self):
        vectors = [self.vector() for _ in range(8)]
        limits = [None, 1, 3, 17, 2 * self.size]
        filters = [{}, {'kind': KINDS[self.random.integers(3)]}, {'kind': 'red', 'even': True}, {'kind': 'none'}]
        # every limit once, each with one of the filters: the calls of the client take most of the time
        for limit in limits:
            yield vectors, limit, filters[self.random.choice(4, p=[0.4, 0.3, 0.2, 0.1])]


def sent(docs):
    return DocumentArray(
        [Document(id=doc['id'], embedding=doc['vector'], tags=doc['tags'], text=doc['text']) for doc in docs]
    )


def told(doc):
    return [(match.id, match.scores['sqeuclidean'].value, match.text) for match in doc.matches]


def main():
    job = json.load(sys.stdin)
    clients = {name: Client(host='127.0.0.1', port=port) for name, port in job['flows'].items()}
    history, oracle = History(job['seed'], job['size'], job['changes']), Oracle()
    wrong, compared, ties = [], 0, 0
    for endpoint, docs in history.steps(oracle):
        if endpoint != 'search':
            request_size = int(history.random.integers(1, 40))
            for client in clients.values():
                back = client.post(endpoint, sent(docs), request_size=request_size, results_in_order=True)
                if [doc.id for doc in back] != [doc['id'] for doc in docs]:
                    wrong.append(['order', endpoint])
            if endpoint == '/delete':
                oracle.remove(doc['id'] for doc in docs)
            else:
                oracle.put(docs)
            continue
        for vectors, limit, wanted in history.questions():
            expected = [oracle.search(vector, limit or 10, wanted) for vector in vectors]
            ties += sum(one[1] == other[1] for pairs in expected for one, other in zip(pairs, pairs[1:]))
            parameters = {'filter': wanted} if limit is None else {'filter': wanted, 'limit': limit}
            queries = DocumentArray([Document(id=f'q{n}', embedding=vector) for n, vector in enumerate(vectors)])
            for name, client in clients.items():
                found = [told(doc) for doc in client.post('/search', queries, parameters=parameters)]
                compared += sum(len(pairs) for pairs in expected)
                if found != expected:
                    at = [one == other for one, other in zip(found, expected)].index(False)
                    wrong.append([name, limit, wanted, found[at][:5], expected[at][:5]])
    print('\n' + json.dumps({'compared': compared, 'ties': ties, 'left': len(oracle.docs), 'wrong': wrong[:5]}))


if __name__ == '__main__':
    main()
