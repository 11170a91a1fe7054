"""Posts to a Flow with the client of Jina: one that Jina starts from a YAML file, or one that runs already."""

import json
import sys

from jina import Client, Flow
from jina_ready import wait_until_ready

try:
    from docarray import Document, DocumentArray

    return_type = {}
except ImportError:
    from docarray import DocList
    from docarray.documents.legacy import LegacyDocument as Document

    DocumentArray = DocList[Document]
    return_type = {'return_type': DocumentArray}


def seen(doc):
    return {
        'text': doc.text,
        'tags': dict(doc.tags),
        'modality': getattr(doc, 'modality', None),
        'matches': sorted(match.text for match in (doc.matches or [])),
    }


def ask(client, on, texts):
    """The answers to requests of one document each, in the order of the texts, and what the Executors returned besides."""
    docs = DocumentArray([Document(text=text) for text in texts])
    responses = []
    answers = client.post(
        on, docs, request_size=1, results_in_order=True, on_done=responses.append, on_always=None, **return_type
    )
    docs = [doc for response in responses for doc in response.docs] if answers is None else answers
    results = {}
    for response in responses:
        results.update(dict(response.parameters).get('__results__', {}))
    return {'docs': [seen(doc) for doc in docs], 'results': results}


def main():
    given = json.loads(sys.stdin.readline())
    if given.get('flow') is not None:
        with Flow.load_config(given['flow']) as flow:
            wait_until_ready(flow)
            answers = [ask(flow, *request) for request in given['requests']]
    else:
        client = Client(port=given['port'])
        answers = [ask(client, *request) for request in given['requests']]
    print('\n' + json.dumps(answers))


if __name__ == '__main__':
    main()
