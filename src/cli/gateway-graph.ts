import { withoutBrackets } from '../lib/authority.js'
import { awaitedIn, entry, type Node, order } from '../topology/graph.js'
import { UsageError } from './usage-error.js'

const start = 'start-gateway'
const end = 'end-gateway'

/**
 * The stages of a graph in Jina's form (jina.md 1.4, 6.3): the next stages by name, from `start-gateway` to `end-gateway`.
 * Stages that do not lead to `end-gateway` are floating.
 *
 * @throws UsageError
 */
export function stagesOf(graph: Readonly<Record<string, unknown>>): readonly Node[] {
  const nextOf = (name: string): readonly string[] => behind(graph, name)
  const names = Object.keys(graph).filter((name) => name !== start)
  const all = [start, ...names]
  const missing = all.flatMap(nextOf).find((name) => name !== end && !names.includes(name))
  if (missing !== undefined) nextOf(missing)
  if (names.length === 0) throw wrong('There is no stage in it.')
  const last = all.filter((name) => nextOf(name).includes(end))
  if (last.length !== 1 || last[0] === start) {
    throw wrong(
      `${end} must be behind one stage, and it is behind ${last.length === 0 ? 'none' : last.join(' and ')}.`,
    )
  }
  const needsOf = (name: string): readonly string[] => all.filter((other) => nextOf(other).includes(name))
  const ordered = order(
    names.map((name) => ({
      name,
      needs: needsOf(name).map((other) => (other === start ? entry : other)),
      floating: name !== last[0],
    })),
  )
  if (ordered.kind === 'broken') throw wrong(ordered.error.message)
  const awaited = awaitedIn(ordered.stages)
  return ordered.stages.map((stage) => ({ ...stage, floating: !awaited.has(stage) }))
}

/** @throws UsageError */
function behind(graph: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const next = Object.hasOwn(graph, name) ? graph[name] : undefined
  if (Array.isArray(next) && next.every((one) => typeof one === 'string')) return next
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
