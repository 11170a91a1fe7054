import { responseText } from '../client/response-text.js'
import type { Document } from '../document/index.js'
import { documentText } from '../document/json-text.js'
import { parseArguments } from './arguments.js'
import { callArguments, calledEndpoint } from './call-arguments.js'
import { readInputs } from './call-inputs.js'
import { clientHelp, credentialsOf } from './client-arguments.js'
import type { Command } from './command.js'
import { gatewayAddress } from './gateway-address.js'
import { given, numberOption, objectOption } from './option-values.js'
import { UsageError } from './usage-error.js'

const options = {
  ...callArguments,
  'request-size': { type: 'string' },
  'target-executor': { type: 'string' },
  stream: { type: 'boolean' },
  responses: { type: 'boolean' },
  timeout: { type: 'string' },
} as const

export const call: Command = {
  summary: 'Sends documents to an endpoint and prints the answer',
  options,
  help: `Usage: millrace call ENDPOINT [TEXT …] [--host HOST | --flow NAME|PID|SOCKET]
                     [--data JSON|@FILE|-] [--file FILE] [--parameters JSON]
                     [--stream] [--responses] [--timeout MS] …

Each TEXT is a document. The answer is one document a line, in JSON, as soon as
it arrives. Ends with 1 when the call fails.

  --host      grpc://…, http://… or ws://…, with s for TLS; default: the Flow
              that runs on this machine; --flow says which, if there are several
  --data      a document in JSON, a list of them, or one a line; from a file, or
              from standard input
  --file      a file that becomes the blob of a document; may be repeated
  --request-size
              documents in a request, 100
  --target-executor
              a regular expression: only these stages
  --stream    one document to an endpoint that yields its answer in pieces
  --responses whole responses instead of documents, with parameters and routes
  --timeout   milliseconds for the whole call; default: no limit
${clientHelp}

Example: millrace call /search 'warm water' --parameters '{"limit": 3}'`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    const { endpoint, texts } = calledEndpoint(positionals, values)
    const { data, file: files = [], host, flow, stream = false, responses = false } = values
    if (stream && responses)
      throw new UsageError('--responses is not for --stream, which has documents only.')
    const sendOptions = given({
      parameters: objectOption(values, 'parameters'),
      targetExecutor: values['target-executor'],
      timeoutMs: numberOption(values, 'timeout'),
    })
    const requestSize = numberOption(values, 'request-size')
    if (stream && requestSize !== undefined) throw new UsageError('--request-size is not for --stream.')
    const { token, tls } = credentialsOf(values)
    const credentials = given({ token, tls: Object.keys(tls).length > 0 ? tls : undefined })
    const documents = await readInputs({ texts, data, files })
    if (stream && documents.length !== 1)
      throw new UsageError(`--stream sends one document, and there are ${documents.length}.`)
    const address = host ?? (await gatewayAddress(flow))
    // imported on demand: other commands do not need it
    const { Client } = await import('../client/client.js')
    await using client = new Client({ host: address, ...credentials })
    const print = (document: Document): void => terminal.out(`${documentText(document)}\n`)
    if (stream) {
      for await (const document of client.streamDoc(endpoint, documents[0]!, sendOptions)) print(document)
      return
    }
    await client.post(endpoint, documents, {
      ...given({ ...sendOptions, requestSize }),
      resultsInOrder: true,
      onDone(response) {
        if (responses) terminal.out(`${responseText(response)}\n`)
        else for (const document of response.docs) print(document)
      },
    })
  },
}
