import type { Controlled } from './controlled.js'
import type { ControlServer } from './server.js'

/**
 * `openControl` of `server.ts`, loaded when it is called. It is a bundle of its own: as a part of the package's it would
 * cut what pods load into more files. Never rejects.
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
