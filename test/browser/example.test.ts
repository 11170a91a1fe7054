import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startChromium } from './support/chromium.js'
import { fill } from './support/press.js'

const root = path.resolve(import.meta.dirname, '../..')
const main = path.join(root, 'build/examples/browser/main.js')
/** For people to look at. */
const screenshots = path.join(root, 'build/screenshots')

let example: ChildProcess
let url: string
let browser: Browser
let page: Page
const problems: string[] = []

beforeAll(async () => {
  example = spawn(process.execPath, [main, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: example.stdout! })) {
    const found = /Open (http:\S+)/.exec(line)?.[1]
    if (found === undefined) continue
    url = found
    break
  }
  mkdirSync(screenshots, { recursive: true })
  browser = await startChromium()
  page = await browser.newPage()
  page.on('console', (message) => problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(String(error)))
})

afterAll(async () => {
  await browser?.close()
  if (example === undefined) return
  const ended = once(example, 'exit')
  example.kill('SIGTERM')
  await ended
})

afterEach(() => expect(problems.splice(0)).toEqual([]))

const textOf = (selector: string): Promise<string> =>
  page.evaluate(`document.querySelector('${selector}').textContent`) as Promise<string>

const status = (): Promise<string> => textOf('#status')

const firstResult = (): Promise<string> => textOf('#results li:first-child')

test('results from both shards come while a query is typed, before its last word is complete', async () => {
  await page.goto(url)
  await page.type('#query', 'bearer tok')
  await expect.poll(status).toMatch(/^8 results from 2 of 2 shards in \d+ ms$/)
  await expect.poll(firstResult).toMatch(/token/i)
  expect(await page.evaluate(`document.querySelectorAll('#results mark').length`)).toBeGreaterThan(0)
  await page.type('#query', 'ens')
  await expect.poll(firstResult).toMatch(/tokens/i)
})

test('an empty box has no results', async () => {
  await page.goto(`${url}/?q=shard`)
  await expect.poll(status).toMatch(/results/)
  await fill(page, '#query', '')
  await expect.poll(status).toBe('')
  expect(await page.evaluate(`document.querySelectorAll('#results li').length`)).toBe(0)
})

test('only the last of several queries is shown', async () => {
  await page.goto(url)
  for (const query of ['replicas', 'kubernetes', 'shards that fail'])
    await page.evaluate(`{
      const box = document.querySelector('#query')
      box.value = ${JSON.stringify(query)}
      box.dispatchEvent(new Event('input'))
    }`)
  await expect.poll(firstResult).toMatch(/shard/i)
  await expect.poll(status).toMatch(/results/)
})

test.each([
  { name: 'light', colours: 'light', width: 1000, height: 800 },
  { name: 'dark', colours: 'dark', width: 1000, height: 800 },
  { name: 'narrow', colours: 'light', width: 320, height: 640 },
])('it fits into a window: $name', async ({ name, colours, width, height }) => {
  await page.setViewport({ width, height })
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: colours }])
  await page.goto(`${url}/?q=what+happens+when+a+shard+fails`)
  await expect.poll(status).toMatch(/results/)
  const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
  expect(overflow).toBeLessThanOrEqual(0)
  await page.screenshot({ path: path.join(screenshots, `browser-${name}.png`) })
})
