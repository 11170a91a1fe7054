import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { FlowStatus } from '../../src/control/status.js'
import type { Dashboard } from '../../src/dashboard/server.js'
import type { Watched } from '../../src/dashboard/watched.js'
import { deferred } from '../../src/lib/deferred.js'
import { seriousFaults } from './support/axe.js'
import { startChromium } from './support/chromium.js'
import { fill, press } from './support/press.js'
import { largeStatus } from './support/statuses.js'

// The page with 64 shards of three replicas: its server is that of the package, and the Flow behind it is made up.

const root = path.resolve(import.meta.dirname, '../..')
/** For people to look at. */
const screenshots = path.join(root, 'build/screenshots')
const { serveDashboard } = (await import(
  path.join(root, 'dist/dashboard/server.js')
)) as typeof import('../../src/dashboard/server.js')

let status: FlowStatus
let change = deferred()
const scaled: unknown[] = []
const watched: Watched = {
  status: async () => status,
  changed: () => change.promise,
  served: async () => ({ endpoints: ['/search'], streamEndpoints: [], schemas: {} }),
  async scale(stage, request) {
    scaled.push([stage, request])
    return { from: 3, to: request.replicas, seconds: 0.25 }
  },
  lines: async () => [],
  call: async () => '{"docs":[]}',
}

let dashboard: Dashboard
let browser: Browser
let page: Page
const problems: string[] = []

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true })
  status = largeStatus()
  dashboard = await serveDashboard(watched, { port: 0 })
  browser = await startChromium()
  page = await browser.newPage()
  page.on('console', (message) => problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(String(error)))
  await page.goto(dashboard.url!)
})

afterAll(async () => {
  await browser?.close()
  await dashboard?.close()
})

afterEach(() => expect(problems.splice(0)).toEqual([]))

const count = (selector: string): Promise<number> =>
  page.evaluate(`document.querySelectorAll('${selector}').length`) as Promise<number>
const textOf = (selector: string): Promise<string> =>
  page.evaluate(`document.querySelector('${selector}')?.textContent ?? ''`) as Promise<string>

/** What the page is told next. */
function tell(next: FlowStatus): void {
  status = next
  const { resolve } = change
  change = deferred()
  resolve()
}

test.each([
  { name: 'light', colours: 'light', width: 1280, height: 900 },
  { name: 'dark', colours: 'dark', width: 1280, height: 900 },
  { name: 'narrow', colours: 'light', width: 360, height: 740 },
])(
  'it fits into a window, and axe finds no serious fault: $name',
  async ({ name, colours, width, height }) => {
    await page.setViewport({ width, height })
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: colours }])
    await expect.poll(() => count('.tile')).toBe(64)
    expect(await count('.tile .mark')).toBe(192)
    const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
    expect(overflow).toBeLessThanOrEqual(0)
    await page.screenshot({ path: path.join(screenshots, `dashboard-${name}.png`), fullPage: true })
    expect(await seriousFaults(page)).toEqual([])
  },
)

test('a shard shows its replicas, and why they were restarted', async () => {
  await page.setViewport({ width: 1280, height: 900 })
  await press(page, '[data-shard="index/shard-9"]')
  await expect
    .poll(() => textOf('#stage-index table caption'))
    .toMatch(/0 of 3 ready, answered 74.9 % of its/)
  expect(await textOf('#stage-index .end summary')).toBe('index/shard-9/rep-0 was killed by SIGKILL.')
  expect(await textOf('#stage-index .end pre')).toContain('out of memory')
  await page.screenshot({ path: path.join(screenshots, 'dashboard-shard.png'), fullPage: true })
  expect(await seriousFaults(page)).toEqual([])
  await press(page, '[data-shard="index/shard-9"]')
})

test('a change is shown and told as an event', async () => {
  const dead = 'index/shard-21/rep-1'
  const before = largeStatus()
  tell({
    ...before,
    stages: before.stages.map((stage) => ({
      ...stage,
      pods: stage.pods.map((pod) =>
        pod.name === dead
          ? { ...pod, state: 'backoff' as const, lastEnd: `${dead} was killed by SIGKILL.` }
          : pod,
      ),
    })),
  })
  await expect.poll(() => count(`.mark.bad[data-pod="${dead}"]`)).toBe(1)
  expect(await textOf('.events li')).toContain(`${dead} has ended, and will be restarted`)
  tell(before)
  await expect.poll(() => count(`.mark.good[data-pod="${dead}"]`)).toBe(1)
  expect(await textOf('.events li')).toContain(`${dead} is ready`)
})

test('one shard is scaled', async () => {
  await page.select('#stage-index .scale select', '5')
  await fill(page, '#stage-index .scale input', '4')
  await press(page, '#stage-index .scale button')
  await expect.poll(() => textOf('#stage-index .scale output')).toBe('3 → 4 in 0.3 s')
  expect(scaled).toEqual([['index', { replicas: 4, shard: 5 }]])
})
