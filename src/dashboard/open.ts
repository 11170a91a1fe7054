import type { Dashboard, DashboardOptions } from './server.js'
import type { Watched } from './watched.js'

/**
 * Loads `server.ts` on demand and calls its `serveDashboard`. It has its own bundle, because few programs serve a page.
 *
 * @throws PORT_IN_USE, START_FAILED
 */
export async function openDashboard(watched: Watched, options: DashboardOptions): Promise<Dashboard> {
  const url = new URL('../dashboard/server.js', import.meta.url).href
  const { serveDashboard } = (await import(url)) as typeof import('./server.js')
  return await serveDashboard(watched, options)
}
