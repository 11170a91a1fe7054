"""Real Jina 3.34 with DocArray v2 as an external stage: a single Executor, or a whole Flow (jina_serving.py)."""

from typing import Any, Dict, Set

import numpy as np
from docarray import BaseDoc, DocList
from docarray_v2_documents import Article, Encoded, Text
from jina import Executor, requests
from jina_serving import serve
from pydantic import BaseModel


class Suffix(BaseModel):
    suffix: str = '.'


class Words(Executor):
    @requests(on='/reverse')
    def reverse(self, docs: DocList[Text], parameters: Suffix, **kwargs) -> DocList[Text]:
        for doc in docs:
            doc.text = doc.text[::-1] + parameters.suffix
        return docs

    @requests(on='/encode')
    def encode(self, docs: DocList[Text], **kwargs) -> DocList[Encoded]:
        return DocList[Encoded]([Encoded(id=doc.id, text=doc.text, embedding=np.array([len(doc.text), 1, 2, 3])) for doc in docs])

    @requests(on='/fail')
    def fail(self, docs: DocList[Text], **kwargs) -> DocList[Text]:
        raise ValueError('not today')

    @requests(on='/words')
    async def words(self, doc: Text, **kwargs) -> Text:
        for word in doc.text.split(' '):
            yield Text(text=word)


class Foreign(Words):
    """Jina 3.34 fails to describe it, with a KeyError: '#/$defs/Author', because the documents of /article have documents."""

    @requests(on='/article')
    def article(self, docs: DocList[Article], **kwargs) -> DocList[Article]:
        for doc in docs:
            doc.views += 1
        return docs

    @requests(on='/alone')
    def alone(self, doc: Text, **kwargs) -> Text:
        return Text(id=doc.id, text=doc.text + ' alone')


class Described(Executor):
    @requests(on='/encode')
    def encode(self, docs: DocList[Text], parameters: Suffix, **kwargs) -> DocList[Encoded]:
        return DocList[Encoded]()

    @requests(on='/words')
    async def words(self, doc: Text, **kwargs) -> Text:
        yield doc


class Book(BaseDoc):
    title: str
    views: int = 0
    labels: Set[str] = set()
    extra: Dict[str, Any] = {}


class Flat(Words):
    """Documents without documents, which Jina 3.34 describes."""

    @requests(on='/book')
    def book(self, docs: DocList[Book], **kwargs) -> DocList[Book]:
        for doc in docs:
            doc.title += '!'
            doc.views += 1
            doc.labels.add('seen')
        return docs

    @requests(on='/odd')
    def odd(self, docs: DocList[Book], **kwargs) -> DocList[Book]:
        for doc in docs:
            doc.extra = {'array': np.zeros(2)}
        return docs


if __name__ == '__main__':
    serve(Foreign, described=Described, flat=Flat)
