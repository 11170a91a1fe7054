"""Real Jina as an external stage: a single Executor, or a whole Flow (jina_serving.py)."""

from jina import Document, DocumentArray, Executor, requests
from jina_serving import serve


class Foreign(Executor):
    @requests(on='/reverse')
    def reverse(self, docs, parameters, **kwargs):
        for doc in docs:
            doc.text = doc.text[::-1] + parameters.get('suffix', '')

    @requests(on='/tensor')
    def double(self, docs, **kwargs):
        for doc in docs:
            doc.tensor = doc.tensor * 2

    @requests(on='/fail')
    def fail(self, **kwargs):
        raise ValueError('not today')

    @requests(on='/results')
    def results(self, docs, **kwargs):
        return {'seen': len(docs)}

    @requests(on='/new')
    def new(self, **kwargs):
        return DocumentArray([Document(text='from Python', chunks=[Document(text='part')])])

    @requests(on='/keep')
    def keep(self, docs, **kwargs):
        for doc in docs:
            doc.text += '!'

    @requests(on='/gather')
    def gather(self, docs, **kwargs):
        return DocumentArray([Document(id='all', text=' '.join(docs.texts))])


if __name__ == '__main__':
    serve(Foreign)
