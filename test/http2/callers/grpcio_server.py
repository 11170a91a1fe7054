"""Serves every gRPC method with grpcio. It behaves as server/main.go says."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc


class Service(grpc.GenericRpcHandler):
    def service(self, details):
        metadata = dict(details.invocation_metadata)
        return grpc.stream_stream_rpc_method_handler(lambda messages, context: serve(metadata, messages, context))


def serve(metadata, messages, context):
    if 'x-code' in metadata:
        code = next(code for code in grpc.StatusCode if code.value[0] == int(metadata['x-code']))
        context.abort(code, 'größer – 100 %')
    for message in messages:
        if 'x-wait' in metadata:
            print('waits', flush=True)
            left = threading.Event()
            if context.add_callback(left.set):
                left.wait()
            print('left', flush=True)
            return
        for _ in range(int(metadata.get('x-repeat', 1))):
            yield message


unlimited = [('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1)]
server = grpc.server(ThreadPoolExecutor(16), [Service()], options=[*unlimited, ('grpc.max_concurrent_streams', 8)])
port = server.add_insecure_port('127.0.0.1:0')
server.start()
print(port, flush=True)
sys.stdin.read()
server.stop(30).wait()
