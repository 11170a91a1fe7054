// A Flow to be attacked: prints its port, and ends with its parent.
const { Document, DocumentArray, Executor, Flow } = await import(process.env.MILLRACE ?? 'millrace')

export class Target extends Executor {
  static module = import.meta.url
  static requests = { '/echo': 'echo', '/many': 'many', '/big': 'big', '/slow': 'slow', '/hang': 'hang' }

  echo() {}

  big(_docs, { parameters }) {
    return new DocumentArray([new Document({ blob: new Uint8Array(parameters.bytes).fill(7) })])
  }

  many(_docs, { parameters }) {
    return new DocumentArray(Array.from({ length: parameters.documents }, (_, index) => ({ id: `${index}` })))
  }

  async slow(_docs, { parameters }) {
    await new Promise((resolve) => setTimeout(resolve, parameters.ms))
  }

  // the whole process: nothing is read from its socket
  hang(_docs, { parameters }) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, parameters.ms)
  }
}

if (process.argv[2] !== undefined) {
  const { shards = 1, external, ...options } = JSON.parse(process.argv[2])
  const flow = new Flow({ quiet: true, host: '127.0.0.1', port: 0, ...options }).add({
    name: 'target',
    ...(external === undefined
      ? { uses: Target, liveness: null, shards }
      : { external: true, host: '127.0.0.1', port: external }),
    ...(external === undefined && {
      polling: { '/index': 'KEY', '/echo': 'KEY', '/big': 'ALL', '/many': 'ALL' },
    }),
  })
  await flow.start()
  process.stdout.write(`${flow.port}\n`)
  process.stdin.resume()
  process.stdin.once('end', async () => {
    const began = performance.now()
    await flow.close()
    process.stdout.write(`closed after ${Math.round(performance.now() - began)} ms\n`, () => process.exit(0))
  })
}
