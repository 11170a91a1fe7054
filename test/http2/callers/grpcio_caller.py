"""Calls a gRPC method with grpcio: messages are files of bytes, so no generated code is needed. It reads one call as JSON from
stdin and prints how it ended as one line of JSON; the answers are written to files. The fields are those of main.go."""

import json
import os
import sys

import grpc


def run(asked):
    options = [('grpc.max_receive_message_length', 1 << 30), ('grpc.max_send_message_length', 1 << 30)]
    if asked.get('ca'):
        with open(asked['ca'], 'rb') as file:
            credentials = grpc.ssl_channel_credentials(file.read())
        channel = grpc.secure_channel(asked['address'], credentials, options)
    else:
        channel = grpc.insecure_channel(asked['address'], options)
    with channel:
        answers = channel.stream_stream(asked['method'])(
            (read(path) for path in asked['messages']),
            timeout=asked['timeoutMs'] / 1000 if asked.get('timeoutMs') else None,
            metadata=list(asked.get('metadata', {}).items()),
            compression=grpc.Compression.Gzip if asked.get('gzip') else None,
        )
        count = 0
        try:
            for answer in answers:
                with open(os.path.join(asked['answers'], str(count)), 'wb') as file:
                    file.write(answer)
                count += 1
                if count == asked.get('cancelAfter'):
                    answers.cancel()
        except grpc.RpcError:
            pass  # the status below tells it
        return {'answers': count, 'code': answers.code().value[0], 'message': answers.details()}


def read(path):
    with open(path, 'rb') as file:
        return file.read()


print(json.dumps(run(json.load(sys.stdin))))
