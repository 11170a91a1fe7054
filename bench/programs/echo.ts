import { Server, ServerCredentials, type handleUnaryCall } from '@grpc/grpc-js'

import { commands, say } from './answers.js'

// The lower bound for anything on grpc-js: answers with the undecoded bytes of the request.
const asIs = (bytes: Buffer): Buffer => bytes
const echo: handleUnaryCall<Buffer, Buffer> = (call, respond) => respond(null, call.request)

const server = new Server({
  'grpc.max_receive_message_length': 64 << 20,
  'grpc.max_send_message_length': 64 << 20,
})
server.addService(
  {
    process_single_data: {
      path: '/jina.JinaSingleDataRequestRPC/process_single_data',
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  },
  { process_single_data: echo },
)

const port = await new Promise<number>((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
    error ? reject(error) : resolve(bound),
  )
})
say({ port })
for await (const command of commands()) say(command)
server.forceShutdown()
say({})
