"""Documents of real docarray 0.21, and Millrace's documents as docarray reads them. One JSON value in, one line of JSON out."""

import base64
import json
import sys

import numpy as np
import scipy.sparse as sp
from docarray import Document, DocumentArray
from docarray.score import NamedScore

DTYPES = ['?', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8', '>i2', '>i4', '>u8', '>f2', '>f4', '>f8']
FORMATS = ['csr', 'csc', 'coo', 'bsr']
VALUES = ['f4', 'f8', 'i4', 'i8']


def dense(dtype):
    return (np.arange(6).reshape(2, 3) % 2 if dtype == '?' else np.arange(6).reshape(2, 3)).astype(dtype)


def sparse(name, dtype, rows=3):
    full = np.zeros((rows, 5), dtype=dtype)
    full[0, 1] = 1
    full[rows - 1, 4] = 2
    full[rows - 1, 0] = 3
    return getattr(sp, name + '_matrix')(full)


def written():
    docs = DocumentArray(
        [
            Document(
                id='all',
                text='grüße 你好 🚀',
                tags={'a': 1, 'b': [1.5, None, {'c': True}], 'd': 'ü'},
                uri='a.png',
                modality='m',
                weight=0.5,
                offset=1.5,
                location=[1.0, 2.5],
                scores={'cosine': NamedScore(value=0.25, op_name='op', description='d', ref_id='r')},
                evaluations={'recall': NamedScore(value=1)},
                chunks=[Document(id='c', blob=b'\x00\xff')],
                matches=[Document(id='m', text='match')],
            ),
            Document(id='list', embedding=[1.5, 2.5], tensor=[[True, False]]),
            Document(id='zeros', tensor=np.zeros((0, 3)), embedding=np.array(2.5)),
            Document(id='fortran', tensor=np.asfortranarray(np.arange(6).reshape(2, 3))),
            Document(id='complex', tensor=np.array([1 + 2j])),
        ]
    )
    # from the outside in: docarray counts levels when a chunk is added
    docs[0].chunks[0].chunks.append(Document(id='cc', text='deep'))
    docs[0].matches[0].chunks.append(Document(id='mc'))
    for dtype in DTYPES:
        docs.append(Document(id='dense ' + dtype, tensor=dense(dtype), embedding=dense(dtype)[1]))
    for name in FORMATS:
        for dtype in VALUES:
            docs.append(Document(id=f'sparse {name} {dtype}', tensor=sparse(name, dtype), embedding=sparse(name, dtype, 1)))
    return base64.b64encode(docs.to_protobuf().SerializeToString()).decode()


def little(dtype):
    return dtype.newbyteorder('<').str


def tensor(value):
    if value is None:
        return None
    if sp.issparse(value):
        return {'class': value.format, 'dtype': little(value.dtype), 'shape': value.shape, 'list': value.toarray().tolist()}
    if isinstance(value, list):
        return {'class': 'list', 'list': value}
    if value.dtype.kind == 'c':
        return {'class': 'numpy', 'dtype': little(value.dtype), 'list': [[z.real, z.imag] for z in value]}
    return {'class': 'numpy', 'dtype': little(value.dtype), 'shape': value.shape, 'list': value.tolist()}


def scores(value):
    return {name: [s.value, s.op_name or None, s.description or None, s.ref_id or None] for name, s in value.items()}


def told(doc):
    return {
        'id': doc.id,
        'text': doc.text,
        'blob': base64.b64encode(doc.blob or b'').decode(),
        'tensor': tensor(doc.tensor),
        'embedding': tensor(doc.embedding),
        'tags': doc.tags,
        'uri': doc.uri,
        'mimeType': doc.mime_type,
        'modality': doc.modality,
        'weight': doc.weight,
        'offset': doc.offset,
        'location': list(doc.location),
        'parentId': doc.parent_id,
        'granularity': doc.granularity,
        'adjacency': doc.adjacency,
        'scores': scores(doc.scores),
        'evaluations': scores(doc.evaluations),
        'chunks': [told(chunk) for chunk in doc.chunks],
        'matches': [told(match) for match in doc.matches],
    }


def read(encoded):
    from docarray.proto.docarray_pb2 import DocumentArrayProto

    return DocumentArray.from_protobuf(DocumentArrayProto.FromString(base64.b64decode(encoded)))


def distances(job):
    """Matches by docarray's own distances: dense or CSR rows, every metric."""
    left, right = np.array(job['left'], dtype='f8'), np.array(job['right'], dtype='f8')
    answer = {}
    for metric in ('cosine', 'euclidean', 'sqeuclidean'):
        for kind in ('dense', 'sparse'):
            if (kind, metric) == ('sparse', 'cosine'):
                continue  # broken in docarray 0.21 with the scipy of today
            a, b = DocumentArray.empty(len(left)), DocumentArray.empty(len(right))
            a.embeddings, b.embeddings = (left, right) if kind == 'dense' else (sp.csr_matrix(left), sp.csr_matrix(right))
            b[:, 'id'] = [str(i) for i in range(len(right))]
            a.match(b, metric=metric, limit=job['limit'])
            answer[f'{kind} {metric}'] = [[[m.id, m.scores[metric].value] for m in d.matches] for d in a]
    return answer


def embeddings(encoded):
    """Stacks Millrace's rows with docarray."""
    return tensor(read(encoded).embeddings)


job = json.load(sys.stdin)
if job['what'] == 'write':
    result = written()
elif job['what'] == 'read':
    result = [told(doc) for doc in read(job['docs'])]
elif job['what'] == 'echo':
    result = base64.b64encode(read(job['docs']).to_protobuf().SerializeToString()).decode()
elif job['what'] == 'embeddings':
    result = embeddings(job['docs'])
elif job['what'] == 'json':
    result = [json.loads(doc.to_json()) for doc in read(job['docs'])]
else:
    result = distances(job)
print(json.dumps(result))
