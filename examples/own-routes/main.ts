import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { passagesIn } from '../browser/passages.js'
import { startSearch } from '../browser/search-flow.js'

/** From `build/examples/own-routes`. */
const docs = new URL('../../../docs/', import.meta.url)

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values

const ended = new Promise<void>((resolve) => {
  // a program with handlers of its own is not ended by the Flow, and can remove the workspace
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
})
const workspace = await mkdtemp(path.join(tmpdir(), 'own-routes-'))
try {
  const passages = await passagesIn(fileURLToPath(docs))
  const http = { routes: new URL('routes.js#routes', import.meta.url).href }
  await using flow = await startSearch({ passages, workspace, http, port: Number(port) })
  console.log(`Open http://127.0.0.1:${flow.port}/find in a browser. Ctrl-C ends it.`)
  await ended
} finally {
  await rm(workspace, { recursive: true, force: true })
}
