"""Real Jina 3.34 with DocArray v2 as external stages: Executors in gRPC, and a whole Flow.

Reads one line of JSON, prints `{"executor": PORT, "flow": PORT}` when they serve, and ends when stdin is closed.
"""

import json
import socket
import sys

from docarray import BaseDoc, DocList
from docarray_v2_documents import Article, Encoded, Text
from jina import Deployment, Executor, Flow, requests
import numpy as np
from pydantic import BaseModel


class Suffix(BaseModel):
    suffix: str = '.'


class Foreign(Executor):
    @requests(on='/reverse')
    def reverse(self, docs: DocList[Text], parameters: Suffix, **kwargs) -> DocList[Text]:
        for doc in docs:
            doc.text = doc.text[::-1] + parameters.suffix
        return docs

    @requests(on='/encode')
    def encode(self, docs: DocList[Text], **kwargs) -> DocList[Encoded]:
        return DocList[Encoded]([Encoded(id=doc.id, text=doc.text, embedding=np.array([len(doc.text), 1, 2, 3])) for doc in docs])

    @requests(on='/article')
    def article(self, docs: DocList[Article], **kwargs) -> DocList[Article]:
        for doc in docs:
            doc.views += 1
        return docs

    @requests(on='/alone')
    def alone(self, doc: Text, **kwargs) -> Text:
        return Text(id=doc.id, text=doc.text + ' alone')

    @requests(on='/fail')
    def fail(self, docs: DocList[Text], **kwargs) -> DocList[Text]:
        raise ValueError('not today')

    @requests(on='/words')
    async def words(self, doc: Text, **kwargs) -> Text:
        for word in doc.text.split(' '):
            yield Text(text=word)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def main():
    sys.stdin.readline()
    alone, flow_port = free_port(), free_port()
    with Deployment(uses=Foreign, port=alone), Flow(port=flow_port).add(uses=Foreign, name='inner'):
        print('\n' + json.dumps({'executor': alone, 'flow': flow_port}), flush=True)
        sys.stdin.read()
        sys.stdout.flush()


if __name__ == '__main__':
    main()
