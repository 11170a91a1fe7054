import type { AddressInfo, Server } from 'node:net'
import { MillraceError } from '../../errors.js'
import { authority } from '../../lib/authority.js'

/** Error codes of a machine without IPv6, where `::` falls back to `0.0.0.0`, as in a Node server without a host. */
const withoutIPv6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL']

export interface BindTo {
  /** For messages: what is served there, such as the protocols. */
  readonly protocols: readonly string[]
  /** An IPv6 address without brackets. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

/** Binds a server and resolves with the port. Rejects with PORT_IN_USE or START_FAILED, and names the listener. */
export async function bind(server: Server, { protocols, host, port }: BindTo): Promise<number> {
  try {
    return await listen(server, host, port).catch((error: NodeJS.ErrnoException) => {
      if (host !== '::' || !withoutIPv6.includes(error.code ?? '')) throw error
      return listen(server, '0.0.0.0', port)
    })
  } catch (error) {
    throw bindError(error as NodeJS.ErrnoException, `${protocols.join(', ')} at ${authority(host, port)}`)
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // exclusive: otherwise a worker of node:cluster would share the port with its primary
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function bindError(error: NodeJS.ErrnoException, listener: string): MillraceError {
  if (error.code === 'EADDRINUSE') {
    const what = `The gateway cannot listen for ${listener}: another program has taken the port. Choose another port, or 0 to let the system choose.`
    return new MillraceError('PORT_IN_USE', what, { cause: error })
  }
  return new MillraceError('START_FAILED', `The gateway cannot listen for ${listener}: ${error.message}.`, {
    cause: error,
  })
}
