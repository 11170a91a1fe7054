import type { Controlled } from '../control/controlled.js'
import type { Lifecycle } from './lifecycle.js'

/** The operations of a Flow for other programs and for its page. `lifecycle`: that of the Flow. */
export function controlled(
  flow: Pick<Controlled, 'status' | 'scale' | 'rollingUpdate'>,
  lifecycle: Lifecycle,
): Controlled {
  return {
    status: () => flow.status(),
    async changed() {
      const { changed } = lifecycle.need('changed()')
      await (changed?.() ?? new Promise<void>(() => {})) // on a platform nobody tells
    },
    async served() {
      const { endpoints, streamEndpoints, schemas } = await lifecycle.need('served()').describe()
      return { endpoints, streamEndpoints, schemas }
    },
    // while closing, `scale()` would only change the plan: refuse instead
    scale: async (name, request) => lifecycle.need('scale()') && flow.scale(name, request),
    rollingUpdate: async (name, options) =>
      lifecycle.need('rollingUpdate()') && flow.rollingUpdate(name, options),
    profile: async (target, order) => lifecycle.need('profile').profile(target, order),
  }
}
