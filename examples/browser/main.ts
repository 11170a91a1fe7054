import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Flow } from 'millrace'
import { help, parseOptions, UsageError } from './options.js'
import { servePage } from './page-server.js'
import { passagesIn } from './passages.js'
import { startSearch } from './search-flow.js'

/** From `build/examples/browser`. */
const root = new URL('../../../', import.meta.url)

const type = { html: 'text/html; charset=utf-8', css: 'text/css', js: 'text/javascript' }
const files = new Map([
  ['/', { file: new URL('examples/browser/page/index.html', root), type: type.html }],
  ['/style.css', { file: new URL('examples/browser/page/style.css', root), type: type.css }],
  ['/search.js', { file: new URL('examples/browser/page/search.js', root), type: type.js }],
  // the package's file for browsers, as it is
  ['/millrace-client.js', { file: new URL(import.meta.resolve('millrace/client')), type: type.js }],
])

try {
  await main()
} catch (error) {
  const isOurs = error instanceof UsageError
  console.error(isOurs ? `${error.message}\nSee npm run browser-search -- --help` : error)
  process.exitCode = isOurs ? 2 : 1
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) return console.log(help)
  const ended = new Promise<void>((resolve) => {
    // a program with handlers of its own is not ended by the Flow, and can remove the workspace
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
  let workspace: string | undefined
  let flow: Flow | undefined
  const flowAt = (): string | undefined => flow && `http://127.0.0.1:${flow.port}`
  const server = await servePage({ files, port: options.port, flowAt })
  try {
    workspace = await mkdtemp(path.join(tmpdir(), 'browser-search-'))
    const { port } = server.address() as AddressInfo
    const origins = [`http://localhost:${port}`, `http://127.0.0.1:${port}`]
    const passages = await passagesIn(fileURLToPath(new URL('docs/', root)))
    flow = await startSearch({ passages, workspace, http: { cors: origins } })
    console.log(`Indexed ${passages.length} passages of docs/ in 2 shards.`)
    console.log(`Open ${origins[0]} in a browser. Ctrl-C ends it.`)
    await ended
  } finally {
    server.closeAllConnections()
    server.close()
    await flow?.close()
    if (workspace !== undefined) await rm(workspace, { recursive: true, force: true })
  }
}
