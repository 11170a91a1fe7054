import { withoutBrackets } from '../lib/authority.js'
import { chainOf, entry } from '../topology/chain.js'
import { UsageError } from './usage-error.js'

const start = 'start-gateway'
const end = 'end-gateway'

/**
 * The stages of a graph in Jina's form (jina.md 6.3): the next stages by name, from `start-gateway` to `end-gateway`.
 *
 * @throws UsageError unless the graph is a chain
 */
export function stagesOf(graph: Readonly<Record<string, unknown>>): readonly string[] {
  const nextOf = (name: string): readonly string[] => behind(graph, name)
  const names = Object.keys(graph).filter((name) => name !== start)
  const missing = [start, ...names].flatMap(nextOf).find((name) => name !== end && !names.includes(name))
  if (missing !== undefined) nextOf(missing)
  const chain = chainOf(
    names.map((name) => ({
      name,
      needs: [start, ...names]
        .filter((other) => nextOf(other).includes(name))
        .map((other) => (other === start ? entry : other)),
    })),
  )
  if (chain.kind === 'broken') throw wrong(chain.error.message)
  if (chain.stages.length === 0) throw wrong('There is no stage in it.')
  const last = chain.stages.at(-1)!.name
  const early = [start, ...names].find((name) => name !== last && nextOf(name).includes(end))
  if (early !== undefined) throw wrong(`'${early}' has stages behind it, and ${end} beside them.`)
  return chain.stages.map(({ name }) => name)
}

/** @throws UsageError */
function behind(graph: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const next = Object.hasOwn(graph, name) ? graph[name] : undefined
  if (Array.isArray(next) && next.length > 0 && next.every((one) => typeof one === 'string')) return next
  throw wrong(`'${name}' must have a list of the stages behind it.`)
}

function wrong(reason: string): UsageError {
  return new UsageError(`--graph-description: ${reason} Expected: {"${start}":["a"],"a":["${end}"]}.`)
}

/** `a:8080`, `grpc://a:8080` or `grpcs://a:443`. @throws UsageError */
export function parseAddress(
  written: unknown,
  stage: string,
): { readonly host: string; readonly port: number; readonly tls: boolean } {
  const [, scheme = 'grpc', host, port] =
    /^(?:(grpcs?):\/\/)?(\[[0-9a-f:.]+\]|[\w.-]+):(\d{1,5})\/?$/i.exec(String(written)) ?? []
  if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) {
    return { host: withoutBrackets(host), port: Number(port), tls: scheme.toLowerCase() === 'grpcs' }
  }
  throw new UsageError(
    `--deployments-addresses: '${String(written)}' of '${stage}' is no address; expected HOST:PORT, grpc://HOST:PORT or grpcs://HOST:PORT.`,
  )
}
