"""What Jina's own gateway answers for graphs of stages, over Executors that stay up for others to ask.

One JSON value in: `{names, shapes}`. Every name becomes a running Executor. Every shape is a Flow of these Executors as
external stages, behind a gateway of Jina; shards and stages that inspect are pods of that Flow. One line of JSON out:
`{ports, answers}`, the ports by name and for each shape the answers to its requests, or `{failure}` when there is none within
`SHAPE_SECONDS`. It serves until stdin is closed.
"""

import json
import signal
import socket
import sys
import time

from jina import Client, Deployment, Document, DocumentArray, Executor, Flow, requests

# Jina merges branches in the order in which they answer; waits let them answer in the order of their names.
STEP_SECONDS = 0.15

# Once a gateway of Jina did not answer, and nothing ended the wait.
SHAPE_SECONDS = 90


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Marker(Executor):
    def __init__(self, mark='', wait=0, **kwargs):
        super().__init__(**kwargs)
        self.mark = mark
        self.wait = wait

    def _only(self, name, docs):
        if self.mark == name:
            for doc in docs:
                doc.text += self.mark

    @requests(on='/all')
    def all(self, docs, parameters, **kwargs):
        time.sleep(self.wait)
        for doc in docs:
            doc.tags[self.mark] = parameters.get('value', 'none')
            doc.text += self.mark
            if 'both' not in doc.matches[:, 'id']:
                doc.matches.append(Document(id='both', text=self.mark))
            doc.matches.append(Document(id=f'of-{self.mark}'))
        docs.append(Document(id=f'new-{self.mark}', text=self.mark))
        return {'mark': self.mark, 'docs': len(docs)}

    @requests(on='/drop')
    def drop(self, docs, **kwargs):
        time.sleep(self.wait)
        return DocumentArray([doc for doc in docs if doc.text != self.mark])

    @requests(on='/fill')
    def fill(self, docs, **kwargs):
        """Fills a document that has nothing but its id."""
        time.sleep(self.wait)
        for doc in docs:
            if doc.id == self.mark:
                doc.text = f'filled by {self.mark}'
                doc.weight = 2

    @requests(on='/fail')
    def fail(self, parameters, **kwargs):
        if parameters.get('who') == self.mark:
            raise ValueError(f'{self.mark} fails')


class Watcher(Executor):
    """Looks at documents later than all others, and changes none."""

    @requests(on=['/all', '/drop'])
    def look(self, docs, **kwargs):
        time.sleep(8 * STEP_SECONDS)
        return {'seen': len(docs)}


class MarkerOfA(Marker):
    """Serves an endpoint that the other Executors do not serve."""

    @requests(on='/only_a')
    def only_a(self, docs, **kwargs):
        for doc in docs:
            doc.text += 'only a'


def told(response):
    return {
        'docs': [
            {
                'id': doc.id,
                'text': doc.text,
                'tags': dict(doc.tags),
                'weight': doc.weight or 0,
                'matches': [[match.id, match.text] for match in doc.matches],
            }
            for doc in response.docs
        ],
        'routes': [route.executor for route in response.routes],
        'results': {key: dict(value) for key, value in (response.parameters.get('__results__') or {}).items()},
        'failed': response.status.code == response.status.ERROR,
    }


def documents(request):
    return DocumentArray([Document(**fields) for fields in request['docs']])


def of_flow(name):
    """The YAML of an Executor as a pod of the Flow."""
    return {'jtype': 'Marker', 'with': {'mark': name, 'wait': (ord(name) - ord('a')) * STEP_SECONDS}}


def flow_of(shape, ports):
    flow = Flow(port=free_port(), inspect=shape.get('inspect', 'collect').upper())
    for stage in shape['stages']:
        options = dict(stage)
        name = options['name']
        serves = options.pop('serves', [name])
        joins = options.pop('joins', False)
        joins_all = options.pop('joinsAll', False)
        shards = options.pop('shards', None)
        before, after = options.pop('around', [None, None])
        if options.pop('inspects', False):
            # `inspect` gives all options to the stage beside it, so it can have no port and no external server
            flow = flow.inspect(name=name, uses=Watcher)
        elif shards is not None:
            around = {} if before is None else {'uses_before': of_flow(before), 'uses_after': of_flow(after)}
            flow = flow.add(uses=of_flow(name), shards=shards, polling='ALL', **around, **options)
        elif joins_all:
            flow = flow.needs_all(name=name, port=free_port())
        elif joins:
            flow = flow.needs(port=free_port(), **options)
        else:
            hosts = ['127.0.0.1'] * len(serves)
            flow = flow.add(external=True, host=hosts, port=[ports[one] for one in serves], **options)
    return flow


def limited(function):
    """Ends what takes longer than `SHAPE_SECONDS`. The alarm interrupts whatever this thread waits for."""

    def expire(*_):
        raise TimeoutError(f'it took longer than {SHAPE_SECONDS} s')

    def within(*args):
        signal.signal(signal.SIGALRM, expire)
        signal.alarm(SHAPE_SECONDS)
        try:
            return function(*args)
        except Exception as error:  # also of Jina's own
            return {'failure': f'{type(error).__name__}: {error}'}
        finally:
            signal.alarm(0)

    return within


@limited
def answers_of(shape, ports):
    with flow_of(shape, ports) as flow:
        client = Client(host='127.0.0.1', port=flow.port)

        def post(request):
            responses = client.post(
                request['on'],
                documents(request),
                parameters=request.get('parameters'),
                target_executor=request.get('target'),
                return_responses=True,
                continue_on_error=True,
                # a stream of Jina's with floating stages may hang at its end
                stream=False,
            )
            return told(responses[0])

        wait_for_joins(post)
        # the gateway asks for the endpoints of its stages after its first request
        time.sleep(0.5)
        return [post(request) for request in shape['requests']]


def wait_for_joins(post):
    """A Flow of Jina counts as started before its joins listen."""
    until = time.monotonic() + 60
    while True:
        try:
            return post({'on': '/all', 'docs': []})
        except ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def main():
    given = json.loads(sys.stdin.readline())
    deployments = {}
    for index, name in enumerate(given['names']):
        uses = {'a': MarkerOfA, 'w': Watcher}.get(name, Marker)
        deployment = Deployment(
            name=name,
            uses=uses,
            uses_with={} if uses is Watcher else {'mark': name, 'wait': index * STEP_SECONDS},
            port=free_port(),
            include_gateway=False,
        )
        deployment.start()
        deployments[name] = deployment
    try:
        ports = {name: deployment.port for name, deployment in deployments.items()}
        answers = [answers_of(shape, ports) for shape in given['shapes']]
        print(json.dumps({'ports': ports, 'answers': answers}), flush=True)
        sys.stdin.read()
    finally:
        for deployment in deployments.values():
            deployment.close()


if __name__ == '__main__':
    main()
