import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Finding, ok, wrong } from './finding.js'

/** Whether the ports of a Flow are free. Port 0, which the system chooses, always is. */
export async function portFindings(host: string, ports: readonly number[]): Promise<readonly Finding[]> {
  const own = [...new Set(ports)].filter((port) => port !== 0)
  if (own.length === 0) return [ok('ports', 'the system chooses one')]
  return Promise.all(own.map((port) => portFinding(host, port)))
}

async function portFinding(host: string, port: number): Promise<Finding> {
  const check = `port ${port}`
  const code = await bindFailure(host, port)
  switch (code) {
    case null:
      return ok(check, `free on ${host}`)
    case 'EADDRINUSE':
      return wrong(
        check,
        `taken on ${host}`,
        `End what has it ('millrace ps' shows Flows), or choose another port.`,
      )
    case 'EACCES':
      return wrong(check, `not for this user on ${host}`, 'Choose a port of 1024 or above.')
    case 'EADDRNOTAVAIL':
      return wrong(check, `${host} is no address of this machine`, 'Set host to one that it has, or 0.0.0.0.')
    default:
      return wrong(check, `cannot be bound on ${host}: ${code}`, 'Choose another host or port.')
  }
}

/** The system's code for why the port cannot be bound; null when it can. */
async function bindFailure(host: string, port: number): Promise<string | null> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return null
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message
  }
}
