"""Exports a Flow of two stages for Docker Compose with Jina, and prints the arguments of its gateway's container."""

import json
import os
import sys
import tempfile

import yaml
from jina import Flow

sys.stdin.readline()
flow = Flow(port=12345).add(name='foreign', uses='docker://foreign').add(name='again', uses='docker://foreign', replicas=2)
with tempfile.TemporaryDirectory() as folder:
    file = os.path.join(folder, 'docker-compose.yml')
    flow.to_docker_compose_yaml(file)
    with open(file) as opened:
        gateway = yaml.safe_load(opened)['services']['gateway']
print(json.dumps(gateway['command']))
