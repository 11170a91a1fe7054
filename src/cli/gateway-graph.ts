import { UsageError } from './usage-error.js'

const start = 'start-gateway'
const end = 'end-gateway'

/**
 * The stages of a graph in Jina's form (jina.md 6.3): the next stages by name, from `start-gateway` to `end-gateway`.
 *
 * @throws UsageError unless the graph is a chain
 */
export function chainOf(graph: Readonly<Record<string, unknown>>): readonly string[] {
  const chain: string[] = []
  for (let stage = nextOf(graph, start); stage !== end; stage = nextOf(graph, stage)) {
    if (chain.includes(stage)) throw wrong(`'${stage}' follows itself`)
    chain.push(stage)
  }
  if (chain.length === 0) throw wrong('there is no stage in it')
  const left = Object.keys(graph).filter((name) => name !== start && !chain.includes(name))
  if (left.length > 0) throw wrong(`'${left[0]}' is not on the way from ${start} to ${end}`)
  return chain
}

/** @throws UsageError */
function nextOf(graph: Readonly<Record<string, unknown>>, name: string): string {
  const next = Object.hasOwn(graph, name) ? graph[name] : undefined
  if (!Array.isArray(next) || !next.every((one) => typeof one === 'string') || next.length === 0) {
    throw wrong(`'${name}' must have a list of the stages behind it`)
  }
  if (next.length === 1) return next[0] as string
  throw wrong(`'${name}' has ${next.length} stages behind it, and this version has chains only`)
}

function wrong(reason: string): UsageError {
  return new UsageError(`--graph-description: ${reason}. Expected: {"${start}":["a"],"a":["${end}"]}.`)
}

/** `a:8080`, `grpc://a:8080` or `grpcs://a:443`. @throws UsageError */
export function parseAddress(
  written: unknown,
  stage: string,
): { readonly host: string; readonly port: number; readonly tls: boolean } {
  const [, scheme = 'grpc', host, port] =
    /^(?:(grpcs?):\/\/)?(\[[0-9a-f:.]+\]|[\w.-]+):(\d{1,5})\/?$/i.exec(String(written)) ?? []
  if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) {
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port), tls: scheme.toLowerCase() === 'grpcs' }
  }
  throw new UsageError(
    `--deployments-addresses: '${String(written)}' of '${stage}' is no address; expected HOST:PORT, grpc://HOST:PORT or grpcs://HOST:PORT.`,
  )
}
