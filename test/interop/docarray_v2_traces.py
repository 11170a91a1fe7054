"""An Executor of real Jina 3.34 that traces. `{traces}`, the port of an OTLP receiver for gRPC, in; `{executor}` out; ends when stdin is closed."""

import json
import os
import sys

from docarray import DocList
from docarray_v2_documents import Text
from jina import Deployment, Executor, requests
from jina_serving import free_port


class Traced(Executor):
    @requests(on='/reverse')
    def reverse(self, docs: DocList[Text], tracing_context, **kwargs) -> DocList[Text]:
        with self.tracer.start_as_current_span('turn round', context=tracing_context):
            for doc in docs:
                doc.text = doc.text[::-1]
        return docs


if __name__ == '__main__':
    os.environ['OTEL_BSP_SCHEDULE_DELAY'] = '100'  # milliseconds from a span to its export
    traces = {'tracing': True, 'traces_exporter_host': 'http://127.0.0.1', 'traces_exporter_port': json.loads(sys.stdin.readline())['traces']}
    port = free_port()
    # without Jina's own gateway: requests through it hang while it exports traces to a receiver that answers
    with Deployment(name='jina', uses=Traced, port=port, include_gateway=False, **traces):
        print('\n' + json.dumps({'executor': port}), flush=True)
        sys.stdin.read()
        sys.stdout.flush()
