"""A real Jina client: reads {"port"}, prints the texts that /upper returns, and the replica that answered."""

import json
import sys

from jina import Client, Document, DocumentArray

port = json.load(sys.stdin)['port']
client = Client(host='127.0.0.1', port=port)
docs = DocumentArray([Document(id=str(i), text=f'grüße {i}') for i in range(30)])
back = client.post('/upper', docs, request_size=5)
print(json.dumps({'texts': sorted(doc.text for doc in back), 'names': sorted({doc.tags['name'] for doc in back})}))
