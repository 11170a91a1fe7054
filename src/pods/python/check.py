"""Checks, without importing them, that Executors in Python can be started.

Standard input has a JSON list of what to run. The answer on standard output is the first problem as { code, message }, or
null. Runs on every Python, so that it can say which one is too old.
"""

import ast
import json
import os
import sys

OLDEST = (3, 7)


def problem_of(runs):
    if sys.version_info < OLDEST:
        return problem(
            'UNSUPPORTED',
            '%s is Python %s, and Jina needs %s or newer. Set python to another interpreter.'
            % (sys.executable, '.'.join(map(str, sys.version_info[:3])), '.'.join(map(str, OLDEST))),
        )
    from importlib.util import find_spec

    search_here()
    if find_spec('jina') is None:
        return problem(
            'MODULE_NOT_FOUND',
            'jina is not installed in %s: %s -m pip install jina' % (sys.prefix, sys.executable),
        )
    for run in runs:
        files = run['files'] if run['module'] is None else file_of(run['module'])
        if files is None:
            return problem(
                'MODULE_NOT_FOUND',
                'Python finds no module %s in %s, PYTHONPATH and %s. Start in its folder, set PYTHONPATH in env, or install it there.'
                % (run['module'], os.getcwd(), sys.prefix),
            )
        found = problem_in(files, run['className'])
        if found is not None:
            return found
    return None


def search_here():
    """Modules are looked for in the working directory first, and not beside this file."""
    own = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [os.getcwd()] + [folder for folder in sys.path if os.path.realpath(folder) != own]


def problem(code, message):
    return {'code': code, 'message': message}


def file_of(module):
    """The source of a module in a list, empty without source; None when there is no such module."""
    from importlib.util import find_spec

    parts = module.split('.')
    spec = find_spec(parts[0])
    if spec is None:
        return None
    source, folders = spec.origin, list(spec.submodule_search_locations or [])
    # find_spec() would import the packages on the way
    for part in parts[1:]:
        paths = [os.path.join(folder, part) for folder in folders]
        files = [path + '.py' for path in paths] + [os.path.join(path, '__init__.py') for path in paths]
        source = next((file for file in files if os.path.isfile(file)), None)
        folders = [path for path in paths if os.path.isdir(path)]
        if source is None and not folders:
            return [] if any(is_compiled(path) for path in paths) else None
    return [source] if source is not None and source.endswith('.py') else []


def is_compiled(path):
    """Whether there is a module without source, such as encoder.cpython-311-x86_64-linux-gnu.so."""
    folder, name = os.path.split(path)
    return os.path.isdir(folder) and any(file.startswith(name + '.') for file in os.listdir(folder))


def problem_in(files, name):
    """Looks for the class in the text of files. It cannot be missed where everything of a module is imported, or without text."""
    classes, is_open = [], not files
    for file in files:
        try:
            with open(file, 'rb') as source:
                tree = ast.parse(source.read(), file)
        except SyntaxError as error:
            return problem('MODULE_NOT_FOUND', '%s:%s: %s' % (file, error.lineno, error.msg))
        except OSError as error:
            return problem('MODULE_NOT_FOUND', '%s cannot be read: %s' % (file, error.strerror))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                classes.append(node.name)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [alias.asname or alias.name for alias in node.names]
                is_open = is_open or '*' in names or name in names
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                is_open = is_open or node.id == name
    if is_open or name in classes:
        return None
    has = ', '.join(classes) or 'none'
    return problem('EXPORT_NOT_FOUND', '%s has no class %s. Its classes: %s.' % (' and '.join(files), name, has))


if __name__ == '__main__':
    wanted = json.loads(sys.stdin.read())
    print(json.dumps(problem_of(wanted)))
