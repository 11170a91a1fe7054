import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The folder with the dashboard and the alert rules. */
export const monitoring = path.resolve(import.meta.dirname, '../../docs/monitoring')

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

/** A query of a panel of the dashboard, with values for Grafana's variables. */
export interface PanelQuery {
  readonly panel: string
  readonly query: string
}

/** The queries of all panels. */
export function panelQueries(): readonly PanelQuery[] {
  const { panels } = JSON.parse(readFileSync(path.join(monitoring, 'grafana.json'), 'utf8')) as {
    readonly panels: readonly Panel[]
  }
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      panel: title,
      query: expr.replaceAll('$__rate_interval', '10s').replaceAll(/\$(job|stage)/g, '.*'),
    })),
  )
}
