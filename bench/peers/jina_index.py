"""An index of Jina's tutorials: python jina_index.py '{"vectors": FILE, "queries": FILE, "dim": 128}'

The files have float32 rows. Obeys `{"do": "index", from, to, docsPerRequest}` with `{wallS, docs}`, `{"do": "search",
queries, docsPerRequest, limit}` with `{wallS, matches}` and `{"do": "find", queries, limit}` with `{ids}`.
"""

import json
import sys
import time

import numpy as np
from jina import Client, Document, DocumentArray, Executor, Flow, requests

from line_protocol import obey, say


class MemoryIndexer(Executor):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._index = DocumentArray()

    @requests(on='/index')
    def index(self, docs: DocumentArray, **kwargs):
        self._index.extend(docs)

    @requests(on='/search')
    def search(self, docs: DocumentArray, parameters: dict, **kwargs):
        docs.match(self._index, limit=int(parameters['limit']))


def main():
    options = json.loads(sys.argv[1])
    vectors, queries = (
        np.fromfile(options[name], dtype=np.float32).reshape(-1, options['dim']) for name in ('vectors', 'queries')
    )

    def questions(count):
        for query in range(count):
            yield Document(id=f'q{query}', embedding=queries[query % len(queries)])

    with Flow(host='127.0.0.1').add(name='index', uses=MemoryIndexer) as flow:
        client = Client(host='127.0.0.1', port=flow.port)

        def post(on, inputs, size, parameters=None):
            begin = time.perf_counter()
            docs = client.post(on, inputs, request_size=size, parameters=parameters)
            return docs, time.perf_counter() - begin

        def answer(command):
            if command['do'] == 'index':
                rows = range(command['from'], command['to'])
                inputs = (Document(id=f'd{row}', text=f'document {row}', embedding=vectors[row]) for row in rows)
                docs, wall_s = post('/index', inputs, command['docsPerRequest'])
                return {'wallS': wall_s, 'docs': len(docs)}
            count = command['queries']
            size = command.get('docsPerRequest', count)
            docs, wall_s = post('/search', questions(count), size, {'limit': command['limit']})
            if command['do'] == 'search':
                return {'wallS': wall_s, 'matches': sum(len(doc.matches) for doc in docs)}
            return {'ids': [[match.id for match in doc.matches] for doc in docs]}

        say(port=flow.port)
        obey(answer)
    say()


if __name__ == '__main__':
    main()
