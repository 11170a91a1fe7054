"""What the real Jina client gets from a Millrace Flow with TLS. One JSON value in, `{port, ca}`; one line of JSON out."""

import json
import os
import sys

asked = json.load(sys.stdin)
# gRPC reads the first, and Python's HTTP client the second
os.environ['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'] = asked['ca']
os.environ['SSL_CERT_FILE'] = asked['ca']

from jina import Client, Document, DocumentArray  # noqa: E402


def count(**options):
    docs = DocumentArray([Document(text=str(number)) for number in range(250)])
    return len(Client(**options).post('/', docs))


port = asked['port']
print(
    json.dumps(
        {
            'grpcs': count(host=f'grpcs://localhost:{port}'),
            'tls=True': count(host='localhost', port=port, tls=True),
            'https': count(host=f'https://localhost:{port}'),
        }
    )
)
