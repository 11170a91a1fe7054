"""Serves the requests of the program that started this one: frames over a Unix socket, as of transport/frames/frame.ts.

gRPC in Python costs as much for each call as all that Jina does for a small request. Here Jina's servicer is called without it. The
rest goes through gRPC: discovery, streams of documents, pings.

1. A call is in `_calls` until it is answered, cancelled or expired, so it is answered at most once.
2. When the connection is lost, its calls are cancelled, as those of a lost connection of gRPC are.
"""

import asyncio
import functools
import json
import struct

# bytes behind the head, id, number, kind and bytes of the headers
HEAD = struct.Struct('<IIII')

REQUEST, RESPONSE, ERROR, CANCEL = 1, 2, 3, 4

# The number of a request that has no deadline.
NO_DEADLINE = 0xFFFFFFFF


class Context:
    """What Jina uses of the context of a gRPC call."""

    def __init__(self, headers):
        self._headers = headers

    def invocation_metadata(self):
        headers = self._headers
        if not headers:
            return ()
        if headers[0] != 0:
            return tuple(json.loads(headers).items())
        # a position in a trace alone, as packed by observe/tracing/packed-context.ts
        flags = '01' if headers[25] else '00'
        return (('traceparent', f'00-{headers[1:17].hex()}-{headers[17:25].hex()}-{flags}'),)

    def set_trailing_metadata(self, metadata):
        pass  # the status of the answer says the same


class Link(asyncio.Protocol):
    """One connection."""

    def __init__(self, loop, servicer, serializer):
        self._loop = loop
        self._servicer = servicer
        self._serializer = serializer
        self._received = bytearray()
        self._calls = {}
        self._transport = None

    def connection_made(self, transport):
        self._transport = transport

    def connection_lost(self, error):
        for task in list(self._calls.values()):
            task.cancel()
        self._calls.clear()

    def data_received(self, part):
        received = self._received
        received += part
        at, end = 0, len(received)
        while end - at >= HEAD.size:
            size, call, number, rest = HEAD.unpack_from(received, at)
            begin = at + HEAD.size
            if end - begin < size:
                break
            at = begin + size
            kind = rest & 0xFF
            if kind == REQUEST:
                payload = begin + (rest >> 8)
                self._begin(call, number, bytes(received[begin:payload]), bytes(received[payload:at]))
            elif kind == CANCEL:
                self._cancel(call)
        if at > 0:
            del received[:at]

    def _begin(self, call, number, headers, payload):
        task = self._loop.create_task(self._serve(call, headers, payload))
        self._calls[call] = task
        if number != NO_DEADLINE:
            # the caller has the same deadline, and hears of nothing after it
            timer = self._loop.call_later(number / 1000, self._expire, call, task)
            task.add_done_callback(lambda _: timer.cancel())

    def _expire(self, call, task):
        if self._calls.get(call) is task:
            self._cancel(call)

    def _cancel(self, call):
        task = self._calls.pop(call, None)
        if task is not None:
            task.cancel()

    async def _serve(self, call, headers, payload):
        try:
            request = self._serializer.FromString(payload)
            answer = await self._servicer.process_single_data(request, Context(headers))
            kind, content = RESPONSE, self._serializer.SerializeToString(answer)
        except Exception as error:
            message = f'Jina raised {type(error).__name__}: {error}'
            kind, content = ERROR, json.dumps({'code': 'INTERNAL', 'message': message}).encode()
        if self._calls.pop(call, None) is not None:
            self._transport.write(HEAD.pack(len(content), call, 0, kind) + content)


def serve_beside_grpc(path):
    """Whenever Jina's servicer of requests is added to a server of gRPC, it is served at a Unix socket too."""
    from jina.proto import jina_pb2_grpc
    from jina.proto.serializer import DataRequestProto as serializer

    add = jina_pb2_grpc.add_JinaSingleDataRequestRPCServicer_to_server

    servers = []

    async def listen(loop, servicer):
        link = functools.partial(Link, loop, servicer, serializer)
        servers.append(await loop.create_unix_server(link, path))

    def added(servicer, server):
        add(servicer, server)
        loop = asyncio.get_running_loop()
        servers.append(loop.create_task(listen(loop, servicer)))

    jina_pb2_grpc.add_JinaSingleDataRequestRPCServicer_to_server = added
