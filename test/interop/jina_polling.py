"""Which shards get a request in real Jina, and the trailers of its head.

One JSON value in, `{polling: {name: option, or null for the default}, endpoints, ours: {name: port}, partial, dead}`; one
line of JSON out. `ours` are asked what the heads are asked. There is a name `all`, whose head is also asked when an Executor
fails and when a shard is dead; the Flows at `partial` and `dead` are asked the same.
"""

import json
import os
import sys
import tempfile
import time

import grpc
from jina import Client, Document, DocumentArray, Executor, Flow, requests
from jina.proto import jina_pb2
from jina.types.request.data import DataRequest


class Witness(Executor):
    """Records requests: one line per request in a file per shard."""

    def __init__(self, folder, **kwargs):
        super().__init__(**kwargs)
        self.folder = folder

    def see(self, docs):
        name, shard = self.runtime_args.name.split('/')[0], self.runtime_args.shard_id
        with open(os.path.join(self.folder, f'{name}-{shard}'), 'a') as file:
            for doc in docs:
                file.write(doc.id + '\n')

    @requests(on=['/index', '/search', '/foo'])
    def note(self, docs, **kwargs):
        self.see(docs)

    @requests(on='/fail')
    def fail(self, docs, **kwargs):
        if self.runtime_args.shard_id == 1:
            raise ValueError('not on this shard')


def ask(port, endpoint):
    """The trailers of the head; the gateway sends it the endpoint as metadata."""
    request = DataRequest()
    request.header.exec_endpoint = endpoint
    request.data.docs = DocumentArray([Document(id='head')])
    with grpc.insecure_channel(f'127.0.0.1:{port}') as channel:
        # not Jina's stub: its answers cannot be copied, which grpc does when a call has failed
        method = channel.unary_unary(
            '/jina.JinaSingleDataRequestRPC/process_single_data',
            request_serializer=lambda sent: sent.proto.SerializeToString(),
            response_deserializer=jina_pb2.DataRequestProto.FromString,
        )
        try:
            response, call = method.with_call(request, metadata=(('endpoint', endpoint),))
        except grpc.RpcError as error:
            return {'error': error.code().name, 'details': error.details()}
        trailers = dict(call.trailing_metadata())
        return {'status': response.header.status.code, **{key: trailers.get(key) for key in ['total_shards', 'failed_shards', 'is-error']}}


def measured(polling, endpoints):
    with tempfile.TemporaryDirectory() as folder:
        flow = Flow()
        for name, option in polling.items():
            given = {} if option is None else {'polling': option}
            flow = flow.add(name=name, uses=Witness, uses_with={'folder': folder}, shards=2, **given)
        with flow:
            ports = {name: flow._deployment_nodes[name].head_port for name in polling}
            settle(ports, endpoints)
            client = Client(host='127.0.0.1', port=flow.port)
            for endpoint in endpoints:
                for turn in range(2):
                    client.post(endpoint, Document(id=f'{endpoint} {turn}'))
            seen = {
                name: {endpoint: [seeing(folder, name, f'{endpoint} {turn}') for turn in range(2)] for endpoint in endpoints}
                for name in polling
            }
            heads = asked(ports, endpoints)
            refused = ask(ports['all'], '/fail')
            pods = flow._deployment_nodes['all'].shards[1]._pods
            pods[0].worker.kill()
            pods.pop().worker.join()  # closing one that is dead would take a minute
            lost = ask(ports['all'], '/search')
    return {'seen': seen, 'heads': heads, 'refused': refused, 'lost': lost}


def settle(ports, endpoints):
    """Waits: at first a head does not always reach its shards, and answers without them."""
    for _ in range(100):
        # twice, to reach both shards when each request asks one
        answers = [answer for _ in range(2) for head in asked(ports, endpoints).values() for answer in head.values()]
        if all(answer.get('failed_shards') == '0' for answer in answers):
            return
        time.sleep(0.1)
    raise TimeoutError(f'the shards of Jina cannot be reached: {answers}')


def asked(ports, endpoints):
    return {name: {endpoint: ask(port, endpoint) for endpoint in endpoints} for name, port in ports.items()}


def seeing(folder, name, doc):
    """The shards that got a document."""
    return [shard for shard in range(2) if doc in lines(os.path.join(folder, f'{name}-{shard}'))]


def lines(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return file.read().splitlines()


def main():
    job = json.load(sys.stdin)
    ours = asked(job['ours'], job['endpoints'])
    own = {'refused': ask(job['partial'], '/fail'), 'lost': ask(job['dead'], '/search')}
    theirs = measured(job['polling'], job['endpoints'])
    print('\n' + json.dumps({**theirs, 'ours': ours, 'own': own}))


if __name__ == '__main__':
    main()
