import type { Resources } from '../../plan/container.js'

/** `resources` of a container; `more` are limits as well. */
export function containerResources({ requests, limits }: Resources, more: object = {}): object {
  const most = { ...limits, ...more }
  return {
    ...(requests !== undefined && { requests: asTexts(requests) }),
    ...(Object.keys(most).length > 0 && { limits: asTexts(most) }),
  }
}

function asTexts(quantities: object): object {
  return Object.fromEntries(Object.entries(quantities).map(([name, amount]) => [name, String(amount)]))
}
