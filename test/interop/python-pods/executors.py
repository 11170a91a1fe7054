"""Executors of Jina for python-pods.test.ts, for DocArray v1 and, untyped, for v2."""

import os
import time

from jina import Executor, requests


class Shout(Executor):
    def __init__(self, suffix='', **kwargs):
        super().__init__(**kwargs)
        self.suffix = suffix

    @requests
    def shout(self, docs, **kwargs):
        for doc in docs:
            doc.text = doc.text.upper() + self.suffix

    @requests(on='/slow')
    def slow(self, docs, parameters, **kwargs):
        time.sleep(parameters.get('seconds', 0))
        self.shout(docs)

    @requests(on='/who')
    def who(self, docs, **kwargs):
        print('was asked', flush=True)
        for doc in docs:
            doc.tags['pid'] = str(os.getpid())
            doc.tags['colour'] = os.environ.get('COLOUR', '')

    @requests(on='/fail')
    def fail(self, **kwargs):
        raise KeyError('no such model')

    @requests(on='/exit')
    def exit(self, **kwargs):
        os._exit(3)


class Length(Executor):
    @requests
    def length(self, docs, **kwargs):
        for doc in docs:
            doc.tags['length'] = len(doc.text)


class First(Executor):
    @requests
    def first(self, docs, **kwargs):
        for doc in docs:
            doc.modality = doc.text[:1]


class Memory(Executor):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.texts = []

    @requests(on='/index')
    def index(self, docs, **kwargs):
        for doc in docs:
            self.texts.append(doc.text)

    @requests(on='/search')
    def search(self, docs, **kwargs):
        for doc in docs:
            found = [type(doc)(text=text) for text in self.texts if doc.text in text]
            doc.matches = found if isinstance(doc.matches, list) else type(docs)(found)

    @requests(on='/where')
    def where(self, **kwargs):
        return {'folder': os.path.relpath(self.workspace, os.environ['BASE'])}


class Refusing(Executor):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        raise ValueError('no model at ./model.bin')
