from jina import Executor, requests


class Upper(Executor):
    def __init__(self, suffix='', **kwargs):
        super().__init__(**kwargs)
        self.suffix = suffix

    @requests(on='/upper')
    def upper(self, docs, **kwargs):
        for doc in docs:
            doc.text = doc.text.upper() + self.suffix
            doc.tags['name'] = self.runtime_args.name

    @requests(on='/fail')
    def fail(self, **kwargs):
        raise ValueError('not today')
