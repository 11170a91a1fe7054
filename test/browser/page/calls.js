// What the tests call in the page. Results are plain data, which cross to the test as JSON.
import { Client, Document, MillraceError } from './millrace-client.js'

const clients = new Map()

function clientOf(options) {
  const key = JSON.stringify(options)
  if (!clients.has(key)) clients.set(key, new Client(options))
  return clients.get(key)
}

/** `{ value }`, or `{ error }` with what a MillraceError says. */
async function outcome(work) {
  try {
    return { value: await work() }
  } catch (error) {
    if (!MillraceError.is(error)) return { error: { code: 'NOT_OURS', message: String(error) } }
    const { code, message, retryable, where, notRun } = error
    return { error: { code, message, retryable, where, notRun } }
  }
}

window.calls = {
  /** The texts of the answer. `timeoutMs`, `abortMs` and other options may be given. */
  post: (options, on, inputs, { abort, ...rest } = {}) =>
    outcome(async () => {
      const controller = new AbortController()
      if (abort) window.abortLatest = () => controller.abort()
      return (await clientOf(options).post(on, inputs, { ...rest, signal: controller.signal })).texts
    }),
  results: (options, on, rest = {}) =>
    outcome(async () => {
      const [response] = await clientOf(options).post(on, undefined, { ...rest, returnResponses: true })
      return Object.values(response.parameters.__results__)[0]
    }),
  words: (options, text) =>
    outcome(async () => {
      const texts = []
      for await (const document of clientOf(options).streamDoc('/words', text)) texts.push(document.text)
      return texts
    }),
  isReady: (options) => clientOf(options).isReady(),
  many: (options, count) =>
    outcome(async () => {
      const inputs = Array.from({ length: count }, (_, index) => String(index))
      const docs = await clientOf(options).post('/echo', inputs, { requestSize: 1, resultsInOrder: true })
      return docs.texts.filter((text, index) => text === String(index)).length
    }),
  large: (options, length) =>
    outcome(async () => (await clientOf(options).post('/echo', 'x'.repeat(length))).at(0).text.length),
  /** A document with a value of each kind goes to a handler and back. */
  typed: (options) =>
    outcome(async () => {
      const sent = new Document({
        tensor: new Float32Array([0.1, NaN, -0]),
        embedding: new BigInt64Array([1n, 2n ** 62n + 1n]),
        tags: { nested: { list: [1, 'two', null, true] } },
        chunks: [{ blob: new Uint8Array([0, 128, 255]), matches: [{ text: 'deep \u{1f30a}' }] }],
      })
      const [got] = await clientOf(options).post('/typed', sent)
      const { tensor, embedding, tags, chunks, matches } = got
      return {
        tags,
        tensor: [tensor.constructor.name, tensor.data.constructor.name, tensor.dtype, ...tensor.data].map(
          String,
        ),
        embedding: [embedding.data.constructor.name, ...embedding.data].map(String),
        deep: chunks.at(0).matches.texts,
        match: [...matches.at(0).blob, ...matches.at(0).embedding.data].map(String),
      }
    }),
}
