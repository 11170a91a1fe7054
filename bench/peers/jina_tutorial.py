"""The tutorial Flow on Jina: python jina_tutorial.py '{"replicas": 1, "corpus": FILE}'

FILE has one JSON string or `{"text": …}` a line. Obeys `{"do": "run"}` with `{wallS, docs}` and `{"do": "verify"}` with
`{nonzeros, methodCpuS}`: stored values of the last run's embeddings, and the CPU that `fit_transform` itself took in all
runs so far, over all replicas.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from jina import Document, Executor, Flow, requests
from sklearn.feature_extraction.text import TfidfVectorizer

from line_protocol import obey, say


class MyTokenizer(Executor):
    def __init__(self, ledger: str, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.vectorizer = TfidfVectorizer()
        self.ledger = Path(ledger) / f'{os.getpid()}'
        self.spent_s = 0.0

    @requests
    def vectorize(self, docs, **kwargs):
        contents = docs.contents
        begin = time.thread_time()
        matrix = self.vectorizer.fit_transform(contents)
        self.spent_s += time.thread_time() - begin
        docs.embeddings = matrix

    @requests(on='/spent')
    def spent(self, **kwargs):
        self.ledger.write_text(str(self.spent_s))

    def close(self):
        self.ledger.write_text(str(self.spent_s))


def read(corpus):
    with open(corpus, encoding='utf-8') as lines:
        for line in lines:
            entry = json.loads(line)
            yield entry if isinstance(entry, str) else entry['text']


def main():
    options = json.loads(sys.argv[1])
    texts = list(read(options['corpus']))

    def news_generator():
        for text in texts:
            yield Document(text=text)

    with tempfile.TemporaryDirectory() as ledger:
        flow = (
            Flow(host='127.0.0.1')
            .add(name='fast_executor')
            .add(
                name='slow_executor',
                uses=MyTokenizer,
                uses_with={'ledger': ledger},
                replicas=options['replicas'],
            )
        )
        begin = time.perf_counter()
        with flow:
            say(port=flow.port, startS=time.perf_counter() - begin)
            results = []

            def answer(command):
                if command['do'] == 'run':
                    begin = time.perf_counter()
                    docs = flow.post('/foo', news_generator)
                    wall_s = time.perf_counter() - begin
                    results[:] = [docs]
                    return {'wallS': wall_s, 'docs': len(docs)}
                for _ in range(options['replicas']):
                    flow.post('/spent')
                spent = sum(float(file.read_text()) for file in Path(ledger).iterdir())
                nonzeros = sum(doc.embedding.nnz for doc in results[0])
                return {'nonzeros': int(nonzeros), 'methodCpuS': spent}

            obey(answer)
            begin = time.perf_counter()
        say(closeS=time.perf_counter() - begin)


if __name__ == '__main__':
    main()
