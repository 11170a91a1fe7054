"""Talks to a gateway with `websockets`. It reads one call as JSON from stdin and prints how it ended as one line of JSON. The
fields are those of main.go."""

import asyncio
import base64
import json
import sys

import websockets


async def run(asked):
    options = {'subprotocols': asked['subprotocols'], 'additional_headers': asked.get('headers'), 'max_size': None}
    try:
        socket = await websockets.connect(asked['url'], **options)
    except websockets.exceptions.InvalidStatus as error:
        return {'status': error.response.status_code}
    answers = []
    async with socket:
        await (await socket.ping())
        for message in asked['messages']:
            await socket.send(base64.b64decode(message) if asked.get('isBinary') else message)
        try:
            while True:
                answer = await socket.recv()
                answers.append(answer if isinstance(answer, str) else base64.b64encode(answer).decode())
        except websockets.exceptions.ConnectionClosed:
            pass  # told below
    return {
        'status': 101,
        'subprotocol': socket.subprotocol,
        'answers': answers,
        'code': socket.close_code,
        'reason': socket.close_reason,
    }


print(json.dumps(asyncio.run(run(json.load(sys.stdin)))))
