"""A Jina Flow from YAML: python jina_yaml.py '{"file": "flow.yml"}'. Says `{port}` when ready."""

import json
import sys

from jina import Flow

from line_protocol import obey, say


def main():
    options = json.loads(sys.argv[1])
    flow = Flow.load_config(options['file'])
    with flow:
        say(port=flow.port)
        obey(lambda command: {})


if __name__ == '__main__':
    main()
