import type { Controlled } from './controlled.js'
import type { ControlServer } from './server.js'

/**
 * Loads `server.ts` on demand and calls its `openControl`. It has its own bundle: as part of the package's bundle it would
 * split the code that pods load into more files. Never rejects.
 */
export async function openControl(flow: Controlled, name: string): Promise<ControlServer | null> {
  try {
    const url = new URL('../control/server.js', import.meta.url).href
    const server = (await import(url)) as typeof import('./server.js')
    return await server.openControl(flow, name)
  } catch (error) {
    process.emitWarning(`The control socket of Flow '${name}' cannot be opened: ${String(error)}`)
    return null
  }
}
