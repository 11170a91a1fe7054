import { createReadStream } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { UsageError } from './options.js'

export interface PageFile {
  readonly file: URL
  readonly type: string
}

export interface Page {
  /** The only paths that are served. */
  readonly files: ReadonlyMap<string, PageFile>
  readonly port: number
  /** `http://127.0.0.1:54321`, undefined while it is not running; the page asks for it at `/flow.json`. */
  flowAt(): string | undefined
}

/** Serves the files of a page on loopback. Throws a UsageError for a port that is taken. */
export async function servePage({ files, port, flowAt }: Page): Promise<Server> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0]!
    const flow = flowAt()
    // the page loads nothing from elsewhere, and connects to the Flow only
    response.setHeader(
      'content-security-policy',
      `default-src 'self'; img-src data:; connect-src 'self' ${flow ?? ''}`,
    )
    response.setHeader('cache-control', 'no-store')
    const found = files.get(path)
    if (path === '/flow.json' && flow !== undefined) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ host: flow }))
    } else if (request.method === 'GET' && found !== undefined) {
      response.writeHead(200, { 'content-type': found.type })
      createReadStream(found.file).pipe(response)
    } else response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.\n')
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    throw new UsageError(`--port: port ${port} is taken. Choose another one, or 0.`)
  })
  return server
}
