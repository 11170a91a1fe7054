import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { FlowStatus } from '../../src/control/status.js'
import { CommandLine } from '../support/command-line.js'
import { commandLine as program } from '../support/servers.js'
import { seriousFaults } from './support/axe.js'
import { startChromium } from './support/chromium.js'
import { fill, press } from './support/press.js'

// `millrace dashboard` of a Flow that runs, in a browser.

/** For people to look at. */
const screenshots = path.resolve(import.meta.dirname, '../../build/screenshots')
const commandLine = new CommandLine()
let flow: Awaited<ReturnType<CommandLine['start']>>
let command: ChildProcess
let url: string
let browser: Browser
let page: Page
const problems: string[] = []

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true })
  flow = await commandLine.start('shop')
  command = spawn(process.execPath, [program, 'dashboard'], { env: commandLine.env, stdio: 'pipe' })
  for await (const line of createInterface({ input: command.stdout! })) {
    const found = /^Open (http:\S+)/.exec(line)?.[1]
    if (found === undefined) continue
    url = found
    break
  }
  browser = await startChromium()
  page = await browser.newPage()
  page.on('console', (message) => problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(String(error)))
  await page.goto(url)
})

afterAll(async () => {
  await browser?.close()
  if (command !== undefined && command.exitCode === null) {
    const ended = once(command, 'exit')
    command.kill('SIGINT')
    await ended
  }
  await commandLine.close()
})

afterEach(() => expect(problems.splice(0)).toEqual([]))

const textOf = (selector: string): Promise<string> =>
  page.evaluate(`document.querySelector('${selector}')?.textContent ?? ''`) as Promise<string>

async function status(): Promise<FlowStatus> {
  const { stdout } = await commandLine.run('ps', '--json')
  return (JSON.parse(stdout) as FlowStatus[])[0]!
}

test('the link opens the page of the Flow, and nothing in its address opens it again', async () => {
  await expect.poll(() => textOf('h1')).toBe('shop')
  await expect.poll(() => textOf('#stage-slow_executor .state')).toBe('2 of 2 ready')
  expect(page.url()).not.toContain('token')
  expect(await seriousFaults(page)).toEqual([])
  await page.reload()
  await expect.poll(() => textOf('h1')).toBe('shop')
})

test('a killed replica is shown, with the reason, and is back', async () => {
  await expect.poll(() => textOf('#stage-slow_executor .state')).toBe('2 of 2 ready')
  const { stages } = await status()
  const { name, pid } = stages[1]!.pods[0]!
  process.kill(pid!, 'SIGKILL')
  await expect.poll(() => textOf('.events')).toContain(`${name} has ended`)
  await expect.poll(() => textOf(`[data-pod="${name}"] .pod`)).toBe('ready')
  expect(await textOf('#stage-slow_executor .end')).toContain('SIGKILL')
})

test('a stage is scaled', async () => {
  await fill(page, '#stage-slow_executor .scale input', '3')
  await press(page, '#stage-slow_executor .scale button')
  await expect.poll(() => textOf('#stage-slow_executor .scale output')).toMatch(/^2 → 3 in \d+\.\d s$/)
  await expect.poll(() => textOf('#stage-slow_executor .state')).toBe('3 of 3 ready')
  expect((await status()).stages[1]).toMatchObject({ replicas: 3, ready: 3 })
})

test('what cannot be is refused in words', async () => {
  const answer = await page.evaluate(`fetch('scale', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ stage: 'slow', replicas: 1 }),
  }).then(async (response) => [response.status, await response.json()])`)
  expect(answer).toEqual([404, { code: 'NOT_FOUND', message: expect.stringContaining("'slow'") }])
  expect(problems.splice(0)).toEqual([expect.stringContaining('404')])
})

test('an endpoint is tried', async () => {
  await expect
    .poll(() => page.evaluate(`document.querySelectorAll('#try-endpoint option').length`))
    .toBeGreaterThan(0)
  await press(page, 'button.send')
  await expect.poll(() => textOf('#try-status')).toMatch(/^Answered in \d+ ms/)
  expect(JSON.parse(await textOf('#try-answer'))).toMatchObject({ docs: [{ text: 'HELLO' }] })
})

test('an endpoint that fails shows the stack of its Executor', async () => {
  await page.select('#try-endpoint', '/fail')
  await press(page, 'button.send')
  await expect.poll(() => textOf('#try-status')).toMatch(/^EXECUTOR_FAILED: .*the wheel is broken/)
  expect(await textOf('#try-answer')).toMatch(/^RangeError: the wheel is broken\n +at Upper.fail/)
  expect(problems.splice(0)).toEqual([expect.stringContaining('500')])
})

test('the output of replicas is shown, and goes on', async () => {
  const outputs = (): Promise<string> =>
    page.evaluate(
      `[...document.querySelectorAll('[data-output]')].map((one) => one.textContent).join()`,
    ) as Promise<string>
  const { pods } = (await status()).stages[1]!
  for (const { name } of pods) await press(page, `[data-pod="${name}"] button`)
  await expect
    .poll(outputs)
    .toMatch(/It has printed nothing[^]*the wheel is broken|the wheel is broken[^]*It has printed nothing/)
  const failures = async (): Promise<number> => (await outputs()).split('the wheel is broken').length - 1
  const before = await failures()
  await press(page, 'button.send') // to the endpoint that fails, as in the test before
  await expect.poll(failures).toBeGreaterThan(before)
  expect(problems.splice(0)).toEqual([expect.stringContaining('500')])
  expect(await seriousFaults(page)).toEqual([])
  for (const { name } of pods) await press(page, `[data-pod="${name}"] button`)
  await expect.poll(outputs).toBe('')
})

test('requests that failed are shown by stage, with code, message, id and stack', async () => {
  const { code } = await commandLine.run('call', '/fail', 'live')
  expect(code).not.toBe(0)
  await press(page, '#stage-slow_executor .failures')
  const list = '[data-failures="slow_executor"]'
  await expect
    .poll(() => textOf(`${list} summary`))
    .toMatch(/EXECUTOR_FAILED RangeError: the wheel is broken$/)
  await press(page, `${list} summary`)
  expect(await textOf(`${list} pre`)).toMatch(
    /^\/fail in slow_executor\/rep-\d, request \w+\nRangeError: the wheel is broken\n +at Upper.fail/,
  )
  for (const [name, colours, width] of [
    ['light', 'light', 1280],
    ['dark', 'dark', 1280],
    ['narrow', 'light', 360],
  ] as const) {
    await page.setViewport({ width, height: 900 })
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: colours }])
    expect(
      await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'),
    ).toBeLessThanOrEqual(0)
    await page.screenshot({ path: path.join(screenshots, `failures-${name}.png`), fullPage: true })
    expect(await seriousFaults(page)).toEqual([])
  }
  await press(page, '#stage-slow_executor .failures')
  await expect.poll(() => textOf(list)).toBe('')
})

test('the page says when the Flow has ended', async () => {
  await commandLine.stop(flow)
  await expect
    .poll(() => textOf('header .problem'))
    .toMatch(/No Flow of this user runs|does not answer|closing/)
})
