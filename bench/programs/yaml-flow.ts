import { Flow } from 'millrace'

import { commands, options, say } from './answers.js'

export interface YamlFlowOptions {
  /** A Flow of Jina. */
  readonly file: string
  /** The interpreter of its Executors. */
  readonly python: string
}

// A Flow of Jina from YAML, run by Millrace with the same Python. Says `{port}` when ready.
const { file, python } = options<YamlFlowOptions>()
const flow = await Flow.loadConfig(file, { usesWith: { host: '127.0.0.1', python } })
await flow.start()
say({ port: flow.port })
for await (const _ of commands()) {
  // there are none
}
await flow.close()
say({})
