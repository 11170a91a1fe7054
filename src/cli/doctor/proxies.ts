import { type Finding, note, ok } from './finding.js'

/** Read by gRPC and HTTP clients, in lower case and upper case. */
const variables = ['grpc_proxy', 'https_proxy', 'http_proxy', 'all_proxy']
const exceptions = ['no_grpc_proxy', 'no_proxy']
const local = ['localhost', '127.0.0.1']

/**
 * Proxies that would get calls to this machine. Millrace's own clients use none; those of gRPC in other languages (Jina's
 * client in Python, for one) use them also for local addresses.
 */
export function proxiesFinding(env: Readonly<Record<string, string | undefined>>): Finding {
  const valueOf = (name: string): string | undefined => env[name] || env[name.toUpperCase()]
  const set = variables.filter((name) => valueOf(name) !== undefined)
  if (set.length === 0) return ok('proxies', 'none is set')
  const except = exceptions.flatMap((name) => (valueOf(name) ?? '').split(/[\s,]+/))
  const caught = except.includes('*') ? [] : local.filter((host) => !except.includes(host))
  // values may have passwords
  const found = `${set.join(', ')} ${set.length === 1 ? 'is' : 'are'} set`
  if (caught.length === 0) return ok('proxies', `${found}, not for ${local.join(' and ')}`)
  return note(
    'proxies',
    `${found}, also for ${caught.join(' and ')}: gRPC clients in other languages send their calls there`,
    `Add ${caught.join(',')} to no_proxy.`,
  )
}
