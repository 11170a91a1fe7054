import * as fc from 'fast-check'
import type { Call, Handler } from '../call/call.js'
import { Scope } from '../call/scope.js'
import { Document, DocumentArray } from '../document/index.js'
import { systemClock } from '../lib/clock.js'
import { type Deferred, deferred } from '../lib/deferred.js'
import { joining } from '../shards/reduce.js'
import { DataRequest } from '../wire/data-request.js'
import { Background } from './background.js'
import { inOrder } from './graph.js'
import type { GraphStage } from './layout.js'
import { Targets } from './targets.js'
import { Unserved } from './unserved.js'
import { walkGraph } from './walk-graph.js'

/** Fake stages and walks over graphs of them, for the tests of this folder. */

export type Fake = Partial<Omit<GraphStage, 'endpoints'>> & { readonly serves?: readonly string[] }

/** `c<a,b` is a stage `c` that needs `a` and `b`. By default it echoes. */
export function stage(edge: string, { serves, ...more }: Fake = {}): GraphStage {
  const [name = '', needs = 'gateway'] = edge.split('<')
  return {
    name,
    needs: needs.split(','),
    floating: false,
    passThrough: false,
    join: joining,
    endpoints: () => (serves === undefined ? undefined : new Set(serves)),
    isWrite: (endpoint) => endpoint === '/index',
    handle: async (request) => sent(request),
    ...more,
  }
}

/** As if it had crossed a wire. */
export function sent(request: DataRequest): DataRequest {
  return DataRequest.decode(request.encode())
}

/** Appends a mark to the text of every document. */
export function marking(mark: string): Handler {
  return async (request) => {
    const answer = sent(request)
    answer.docs = new DocumentArray(
      [...answer.docs].map(
        (doc) => new Document({ id: doc.id, text: doc.text, tags: { ...doc.tags, [mark]: 1 } }),
      ),
    )
    return sent(answer)
  }
}

/** Waits for its turn, and until then for the abort of its call. */
export function held(): { readonly handle: Handler; readonly turn: Deferred; readonly calls: Call[] } {
  const turn = deferred()
  const calls: Call[] = []
  const handle: Handler = (request, call) => {
    calls.push(call)
    const aborted = deferred<never>()
    call.onAbort({ abort: (reason) => aborted.reject(reason) })
    return Promise.race([turn.promise.then(() => sent(request)), aborted.promise])
  }
  return { handle, turn, calls }
}

export function walkOver(stages: readonly GraphStage[], { maxRequests = 100, maxBytes = 1e6 } = {}) {
  const said: string[] = []
  const say = (sentence: string): void => void said.push(sentence)
  const ordered = inOrder(stages)
  const background = new Background({ clock: systemClock, timeoutMs: null, maxRequests, maxBytes, say })
  const handle = walkGraph({
    stages: ordered,
    targets: new Targets(ordered.map(({ name }) => name)),
    clock: systemClock,
    unserved: new Unserved(ordered, { rule: 'pass', say }),
    background,
  })
  return { handle, background, said }
}

export const live = (): Scope => new Scope(Number.POSITIVE_INFINITY, {})

export function toEndpoint(
  endpoint = '/x',
  docs: readonly Document[] = [new Document({ id: '1', text: 'one' })],
): DataRequest {
  return sent(DataRequest.create({ endpoint, docs: new DocumentArray([...docs]) }))
}

export const routesOf = (response: DataRequest): string[] => response.routes.map(({ executor }) => executor)

/** A graph of marking stages: for each, which of the earlier ones it needs (0 is the gateway). */
export const graphs = fc
  .array(fc.uniqueArray(fc.nat({ max: 7 }), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 7 })
  .map((all) => all.map((needs, index) => [...new Set(needs.map((need) => need % (index + 1)))]))

export type Doc = Readonly<Record<'id' | 'text', string> & { tags: Record<string, unknown> }>

/** What DocArray's reduce does, on plain objects: the first of each id, with what it lacks from later ones. */
export function reduced(lists: readonly (readonly Doc[])[]): Doc[] {
  const merged = new Map<string, Doc>()
  for (const doc of lists.flat()) {
    const known = merged.get(doc.id)
    if (known === undefined) merged.set(doc.id, { ...doc })
    else {
      const tags = Object.keys(known.tags).length > 0 ? known.tags : doc.tags
      merged.set(doc.id, { id: doc.id, tags, text: known.text === '' ? doc.text : known.text })
    }
  }
  return [...merged.values()]
}
