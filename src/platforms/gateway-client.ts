import { clientTlsOption } from '../plan/client-tls.js'
import type { Option, OptionTable } from '../plan/option.js'
import type { ClientTls } from '../tls/client-tls.js'
import { isToken } from '../wire/bearer-token.js'

/** How this program reaches the gateway of a Flow on a platform. */
export interface GatewayClientOptions {
  /**
   * For a Flow with `tls`: whom `flow.post` trusts, and the certificate that it shows. Default null: after `start` exactly the
   * Flow's own certificate; after `attach` the authorities of Node, and the name is that of the address.
   */
  readonly tls: ClientTls | null
}

export const gatewayClientOptions: OptionTable<GatewayClientOptions> = { tls: clientTlsOption }

/** How a program that attaches reaches the gateway. */
export interface AttachedClientOptions extends GatewayClientOptions {
  /** For a Flow with `auth`: the token that `flow.post` sends. Default null: none. */
  readonly token: string | null
}

const tokenOption: Option<string | null> = {
  expected: 'null, or a token: letters, digits, - . _ ~ + / and = at the end',
  preset: null,
  isSecret: true,
  parse: (given) => (given === null || isToken(given) ? given : undefined),
}

export const attachedClientOptions: OptionTable<AttachedClientOptions> = {
  ...gatewayClientOptions,
  token: tokenOption,
}
