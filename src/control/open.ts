import type { Controlled } from './controlled.js'
import type { ControlServer } from './server.js'

/** Loads `server.ts` early, while a start waits for its pods. Never rejects. */
export async function prepareControl(): Promise<void> {
  await loadServer().catch(() => {}) // `openControl` tells
}

/**
 * Loads `server.ts` on demand and calls its `openControl`. It has its own bundle: as part of the package's bundle it would
 * split the code that pods load into more files. Never rejects.
 */
export async function openControl(flow: Controlled, name: string): Promise<ControlServer | null> {
  try {
    const server = await loadServer()
    return await server.openControl(flow, name)
  } catch (error) {
    process.emitWarning(`The control socket of Flow '${name}' cannot be opened: ${String(error)}`)
    return null
  }
}

function loadServer(): Promise<typeof import('./server.js')> {
  return import(new URL('../control/server.js', import.meta.url).href) as Promise<
    typeof import('./server.js')
  >
}
