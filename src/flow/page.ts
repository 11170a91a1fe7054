import type { Controlled } from '../control/controlled.js'
import type { LogQuestion } from '../control/log-question.js'
import type { Dashboard } from '../dashboard/server.js'
import type { Tried } from '../dashboard/watched.js'
import type { Logger } from '../observe/logger.js'
import type { FlowSettings } from '../plan/flow-settings.js'
import type { Running } from './launch.js'
import { reasonOf } from '../lib/reason.js'

/**
 * Serves the page of a Flow if its option `dashboard` says so, and logs the link. Never rejects; resolves with null, and logs
 * why, when it cannot be served.
 */
export async function openPage(
  flow: Controlled,
  { client }: Pick<Running, 'client'>,
  { settings, logger }: { readonly settings: FlowSettings; readonly logger: Pick<Logger, 'info' | 'warn'> },
): Promise<Dashboard | null> {
  const { dashboard, quiet } = settings
  if (dashboard === null) return null
  try {
    // imported on demand: few programs serve a page
    const [{ openDashboard }, { tryCall }] = await Promise.all([
      import('../dashboard/open.js'),
      import('../dashboard/try-call.js'),
    ])
    const watched = {
      ...flow,
      call: (tried: Tried) => tryCall(client, tried),
      lines: async (question: LogQuestion) => flow.logs(question).lines,
    }
    const page = await openDashboard(watched, dashboard)
    page.unref()
    if (!quiet) logger.info(`A page shows this Flow. The link opens it once: ${page.url}`)
    return page
  } catch (error) {
    logger.warn(`No page shows this Flow: ${reasonOf(error)} It runs on.`)
    return null
  }
}
