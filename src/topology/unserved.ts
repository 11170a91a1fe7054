import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { catchAll, type Stage, visits } from './stage.js'

/** What happens to a request for an endpoint that no Executor serves: it is returned unchanged, as in Jina, or refused. */
export type UnknownEndpoint = 'pass' | 'error'

export interface UnservedTools {
  readonly rule: UnknownEndpoint
  /** Logs a sentence. */
  say(sentence: string): void
}

/** Maximum number of endpoints named in the log, because a client may send any number of them. */
const mostNamed = 100

/** Internal endpoints, which are not suggested to clients. */
const hidden: ReadonlySet<string> = new Set(['_jina_dry_run_', catchAll])

/** Logs requested endpoints that no Executor serves, once each. */
export class Unserved {
  readonly #stages: readonly Stage[]
  readonly #tools: UnservedTools
  readonly #named = new Set<string>()

  constructor(stages: readonly Stage[], tools: UnservedTools) {
    this.#stages = stages.filter(({ passThrough }) => !passThrough)
    this.#tools = tools
  }

  /** Call it for a request that reached no Executor. @throws NOT_FOUND with the rule `error`, unless another stage serves the endpoint */
  check(endpoint: string): void {
    if (this.#stages.length === 0 || this.#stages.some((stage) => visits(stage, endpoint, undefined))) return
    const { rule, say } = this.#tools
    if (rule === 'error') throw new MillraceError('NOT_FOUND', this.#sentence(endpoint), { notRun: true })
    if (this.#named.has(endpoint) || this.#named.size === mostNamed) return
    this.#named.add(endpoint)
    const more = this.#named.size === mostNamed ? ' No further endpoints are named here.' : ''
    say(
      `${this.#sentence(endpoint)} Such requests are returned as they came; unknownEndpoint: 'error' refuses them.${more}`,
    )
  }

  #sentence(endpoint: string): string {
    const lists = this.#stages.map((stage) => [...(stage.endpoints() ?? [])])
    const known = [...new Set(lists.flat())].filter((one) => !hidden.has(one)).sort()
    const meant = nearest(endpoint, known)
    const shown = known.slice(0, 20).map((one) => `'${one}'`)
    const list = known.length > shown.length ? `${shown.join(', ')} and others` : shown.join(', ')
    const advice =
      meant !== undefined ? ` Did you mean '${meant}'?` : list === '' ? '' : ` There are: ${list}.`
    const name = endpoint.length > 100 ? `${endpoint.slice(0, 100)}…` : endpoint
    return `No Executor serves the endpoint ${JSON.stringify(name)}.${advice}`
  }
}
