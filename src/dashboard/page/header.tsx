import type { FlowStatus } from '../../control/status.js'

export function Header({ flow, problem }: { readonly flow: FlowStatus; readonly problem: string | null }) {
  const { name, on, namespace, pid, listeners, refusedByRate = 0 } = flow
  const facts = [
    `on ${on}`,
    ...(namespace === undefined ? [] : [`namespace ${namespace}`]),
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...listeners.map(({ protocols, host, port, tls = false }) => {
      return `${protocols.join(', ')} at ${host}:${port}${tls ? ', TLS' : ''}`
    }),
    ...(refusedByRate > 0 ? [`${refusedByRate} refused by rateLimit`] : []),
  ]
  return (
    <header>
      <h1>{name}</h1>
      <p class="quiet">{facts.join(' · ')}</p>
      <p class="problem" role="alert">
        {problem ?? ''}
      </p>
    </header>
  )
}
