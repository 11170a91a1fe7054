"""Runs an Executor of Jina as a pod of Millrace.

Standard input has a line of JSON that says what to run, then commands, a line of JSON each; its end means that the program
that started this one has exited. Events go to file descriptor 3, a line of JSON each. Standard output and standard error
belong to the Executor.
"""

import contextlib
import functools
import importlib
import json
import os
import signal
import sys
import threading
import traceback

# How long the Executor may take to close when the program that started it has exited.
ORPHANED_SECONDS = 2.0


class Failure(Exception):
    """A start that failed for a reason that needs no stack."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Flow:
    """The program that started this one."""

    def __init__(self):
        # moved away, so that neither the Executor nor its child processes use them
        self._commands = os.fdopen(os.dup(0), encoding='utf-8')
        with open(os.devnull, 'rb') as nothing:
            os.dup2(nothing.fileno(), 0)
        os.set_inheritable(3, False)
        self._events = os.fdopen(3, 'w', encoding='utf-8')
        self._failed = False
        self.is_stopping = False

    def receive(self):
        """What to run; None when the program has exited already."""
        line = self._commands.readline()
        return json.loads(line) if line else None

    def tell(self, event):
        try:
            self._events.write(json.dumps(event) + '\n')
            self._events.flush()
        except OSError:
            pass  # it has exited, which the end of standard input says too

    def fail(self, error, what=''):
        """Reports why the start failed; only the first reason counts."""
        if self._failed:
            return
        self._failed = True
        code = getattr(error, 'code', None) if isinstance(error, Failure) else None
        shown = str(error) if isinstance(error, Failure) else f'{type(error).__name__}: {error}'
        stack = ''.join(traceback.format_exception(type(error), error, error.__traceback__))
        self.tell({'kind': 'failed', 'failure': {'code': code, 'message': what + shown, 'stack': stack}})

    def obey(self):
        """Follows commands until the program exits."""
        for line in self._commands:
            command = json.loads(line)
            if command['kind'] == 'stop':
                self._stop()
            elif command['kind'] == 'exit':
                os._exit(command['code'])
        self._stop()
        timer = threading.Timer(ORPHANED_SECONDS, os._exit, [1])
        timer.daemon = True
        timer.start()

    def _stop(self):
        self.is_stopping = True
        os.kill(os.getpid(), signal.SIGTERM)  # Jina drains, closes the Executor and ends


def search_here():
    """Modules are looked for in the working directory first, and not beside this file."""
    own = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [os.getcwd(), *(folder for folder in sys.path if os.path.realpath(folder) != own)]


@contextlib.contextmanager
def writable_home(folder):
    """Jina makes folders in the home directory when it is imported, which in a container may be read-only."""
    own = os.path.expanduser('~')
    if os.access(own, os.W_OK):
        yield
        return
    before = os.environ.get('HOME')
    os.environ['HOME'] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ['HOME']
        else:
            os.environ['HOME'] = before


def load(run):
    """Imports the class. Raises Failure, or what its module raised."""
    try:
        # the folder of the socket is private, and the program removes it
        with writable_home(os.path.dirname(run['socketPath'])):
            from jina import Executor
    except ModuleNotFoundError as error:
        if error.name != 'jina':
            raise
        raise Failure(
            'MODULE_NOT_FOUND', f'jina is not installed in {sys.prefix}: {sys.executable} -m pip install jina'
        ) from None
    name = run['className']
    if run['module'] is not None:
        found = getattr(importlib.import_module(run['module']), name, None)
        where = f"the module {run['module']}"
    else:
        from jina.importer import PathImporter

        PathImporter.add_modules(*run['files'])
        found = next((one for one in subclasses(Executor) if one.__name__ == name), None)
        where = ' and '.join(run['files'])
    if not (isinstance(found, type) and issubclass(found, Executor)):
        raise Failure('EXPORT_NOT_FOUND', f'{where} has no class {name} that extends jina.Executor')
    return found


def subclasses(base):
    """The classes below a class, the latest first."""
    for one in reversed(base.__subclasses__()):
        yield from subclasses(one)
        yield one


def watch_construction(cls, flow):
    """Reports that the constructor was called, and what it threw."""
    construct = cls.__init__

    @functools.wraps(construct)
    def constructed(self, *args, **kwargs):
        flow.tell({'kind': 'step', 'step': 'constructing'})
        try:
            construct(self, *args, **kwargs)
        except Exception as error:
            flow.fail(error, f'The constructor of {cls.__name__} threw ')
            raise

    cls.__init__ = constructed


def serve(cls, run, own):
    """Runs Jina's runtime for an Executor until it is told to end."""
    import jina.serve.runtimes.asyncio as runtime
    from jina.parsers import get_main_parser
    from jina_cli import api

    own.serve_beside_grpc(run['requestsPath'])
    # newer versions connect to the port, which a Unix socket has not
    if hasattr(runtime, 'is_port_free'):
        runtime.is_port_free = lambda *_: True
    args = get_main_parser().parse_args(['executor', '--native'])
    # Jina binds HOST:PORT
    args.host, args.port = ['unix'], [run['socketPath']]
    args.uses = cls.__name__
    # the gateway pings each second, which gRPC refuses by default
    args.grpc_server_options = {'grpc.http2.max_ping_strikes': 0}
    for name, value in run['options'].items():
        setattr(args, name, value)
    api.executor(args)


def main():
    flow = Flow()
    run = flow.receive()
    if run is None:
        return 1
    threading.Thread(target=flow.obey, daemon=True).start()
    # before the folder of this file is left out
    own = importlib.import_module('millrace_link')
    search_here()
    try:
        cls = load(run)
        watch_construction(cls, flow)
    except Exception as error:
        # PathImporter hides the reason behind an ImportError of its own
        flow.fail(error if error.__cause__ is None else error.__cause__)
        return 1
    try:
        serve(cls, run, own)
    except Exception as error:
        flow.fail(error)
        raise
    return 0 if flow.is_stopping else 1


if __name__ == '__main__':
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # threads of the Executor must not keep the process
    os._exit(code)
