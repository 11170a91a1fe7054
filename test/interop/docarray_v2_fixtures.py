"""Records the messages that the client of Jina 3.34 sends: one line of JSON, for test/fixtures/docarray-v2.json.

Every line of `calls` is a method; `messages` are DataRequestProto or SingleDocumentRequestProto in base64, by name.
"""

import base64
import json
import sys
from concurrent import futures

import grpc
from docarray import BaseDoc, DocList
from docarray_v2_documents import Article, Arrays, Encoded, Text, article, arrays, legacy
from google.protobuf.descriptor_pool import Default
from grpc_reflection.v1alpha import reflection
from docarray.documents.legacy import LegacyDocument
from jina import Client

calls = []
messages = {}
current = ''


class Recorder(grpc.GenericRpcHandler):
    def service(self, details):
        if not details.method.startswith('/jina.'):
            return None
        calls.append([current, details.method, [list(pair) for pair in details.invocation_metadata if pair[0] != 'user-agent']])
        if details.method.endswith('/Call'):
            return grpc.stream_stream_rpc_method_handler(self.each)
        if details.method.endswith('/stream_doc'):
            return grpc.unary_stream_rpc_method_handler(lambda message, context: self.each([message], context))
        return grpc.unary_unary_rpc_method_handler(self.one)

    def one(self, message, context):
        if message:
            messages[current] = base64.b64encode(message).decode()
        return message

    def each(self, given, context):
        for message in given:
            yield self.one(message, context)


def main():
    global current
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((Recorder(),))
    port = server.add_insecure_port('127.0.0.1:0')
    names = ['jina.JinaRPC', 'jina.JinaSingleDataRequestRPC', 'jina.JinaSingleDocumentRequestRPC', 'jina.JinaGatewayDryRunRPC', 'jina.JinaInfoRPC']
    reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], server)
    server.start()
    client = Client(host='127.0.0.1', port=port, protocol='grpc')

    def record(name, docs, returned, **more):
        global current
        current = name
        return client.post('/record', inputs=docs, return_type=returned, **more)

    record('text', DocList[Text]([Text(id='1', text='hello'), Text(id='2', text='grüße 你好')]), DocList[Text])
    record('unary', DocList[Text]([Text(id='1', text='hello')]), DocList[Text], stream=False)
    record('single', Text(id='1', text='hello'), Text)
    record('article', DocList[Article]([article()]), DocList[Article])
    record('defaults', DocList[Article]([Article(id='e', title='')]), DocList[Article])
    record('legacy', DocList[LegacyDocument]([legacy()]), DocList[LegacyDocument])
    record('arrays', arrays(), DocList[Arrays])
    record('id-only', DocList[BaseDoc]([BaseDoc(id='only')]), DocList[BaseDoc])
    record('empty', DocList[Text](), DocList[Text])
    record('nothing', None, DocList[Text], parameters={'limit': 3, 'deep': {'a': [1, True, None, 'x']}})
    current = 'ready'
    client.is_flow_ready()

    async def stream():
        from jina import Client as Fresh

        async for _ in Fresh(host='127.0.0.1', port=port, protocol='grpc', asyncio=True).stream_doc(
            on='/record', inputs=Text(id='1', text='hello'), return_type=Text
        ):
            pass

    import asyncio

    current = 'stream'
    asyncio.run(stream())
    server.stop(None)
    json.dump({'messages': messages, 'calls': calls}, sys.stdout, ensure_ascii=False, indent=2)


main()
