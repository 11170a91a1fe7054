import { clientTlsOption } from '../plan/client-tls.js'
import type { OptionTable } from '../plan/option.js'
import type { ClientTls } from '../tls/client-tls.js'

/** How this program reaches the gateway of a Flow on a platform. */
export interface GatewayClientOptions {
  /**
   * For a Flow with `tls`: whom `flow.post` trusts, and the certificate that it shows. Default null: after `start` exactly the
   * Flow's own certificate; after `attach` the authorities of Node, and the name is that of the address.
   */
  readonly tls: ClientTls | null
}

export const gatewayClientOptions: OptionTable<GatewayClientOptions> = { tls: clientTlsOption }
