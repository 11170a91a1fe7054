import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, expect, test } from 'vitest'
import { type Clock, systemClock } from '../lib/clock.js'
import { Executor } from './executor.js'
import { enterPod, isPod, loadClass, offerClass } from './load.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-load-'))
let count = 0
Object.assign(globalThis, { fixture: { Executor, offerClass } })

afterEach(() => Reflect.deleteProperty(globalThis, Symbol.for('millrace.pod')))
afterAll(() => rmSync(folder, { recursive: true }))

/** Creates a module in which `Executor` and `offerClass` are defined. Returns its URL. */
function moduleOf(code: string, extension = 'mjs'): string {
  const file = join(folder, `module-${count++}.${extension}`)
  const given = extension === 'cjs' ? 'const module_ = __filename' : 'const module_ = import.meta.url'
  writeFileSync(file, `const { Executor, offerClass } = globalThis.fixture; ${given}\n${code}`)
  return pathToFileURL(file).href
}

/** Blocks until `pass()` is called. */
function stoppedClock(): Clock & { pass(): void } {
  const waiting: (() => void)[] = []
  const after = (_ms: number, wake: () => void) => {
    waiting.push(wake)
    return () => {}
  }
  return { ...systemClock, after, pass: () => waiting.splice(0).forEach((wake) => wake()) }
}

test('no module is the base class', async () => {
  expect(await loadClass(null, null)).toBe(Executor)
})

test('a class is found by its export, or by its own name under another export', async () => {
  const url = moduleOf(`class A extends Executor {}\nclass B extends Executor {}\nexport { A, B as Other }`)
  expect((await loadClass(url, 'A')).name).toBe('A')
  expect((await loadClass(url, 'Other')).name).toBe('B')
  expect((await loadClass(url, 'B')).name).toBe('B')
})

test('without a name the default export is used, else the only Executor', async () => {
  const several = moduleOf(
    `export class A extends Executor {}\nexport default class B extends Executor {}\nexport const n = 1`,
  )
  const single = moduleOf(`export class C extends Executor {}\nexport { C as Again }\nexport { Executor }`)
  expect((await loadClass(several, null)).name).toBe('B')
  expect((await loadClass(single, null)).name).toBe('C')
})

test('a module without the class is refused with a list of its exports', async () => {
  const url = moduleOf(
    `export class A extends Executor {}\nexport class B extends Executor {}\nexport const n = 1`,
  )
  await expect(loadClass(url, 'C')).rejects.toMatchObject({
    code: 'EXPORT_NOT_FOUND',
    message: expect.stringContaining('A (an Executor), B (an Executor), n'),
  })
  await expect(loadClass(url, null)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' })
  await expect(loadClass(moduleOf(''), null)).rejects.toThrow('It exports nothing.')
})

test('classes of a CommonJS module are found', async () => {
  const url = moduleOf(
    `const made = { Late: class Late extends Executor {} }\nmodule.exports = { ...made }`,
    'cjs',
  )
  expect((await loadClass(url, 'Late')).name).toBe('Late')
  expect((await loadClass(url, null)).name).toBe('Late')
})

test('a file that is missing is refused with the nearest name', async () => {
  writeFileSync(join(folder, 'indexer.mjs'), '')
  await expect(loadClass(pathToFileURL(join(folder, 'indexr.mjs')).href, null)).rejects.toMatchObject({
    code: 'MODULE_NOT_FOUND',
    message: expect.stringContaining("Did you mean 'indexer.mjs'?"),
  })
})

test('a module that throws gives its own message and stack', async () => {
  const url = moduleOf(`throw new RangeError('no model file')`)
  const error = await loadClass(url, null).catch((thrown: unknown) => thrown as Error)
  expect(error).toMatchObject({ code: 'MODULE_NOT_FOUND' })
  expect((error as Error).message).toContain('RangeError: no model file')
  expect((error as Error).stack).toContain(url.split('/').at(-1))
})

test('outside of a pod an offer is ignored', () => {
  expect(isPod()).toBe(false)
  offerClass(class extends Executor {})
  expect(isPod()).toBe(false)
})

test('in a pod a class that is not exported is used when its module, which never ends, passes it to a Flow', async () => {
  enterPod()
  expect(isPod()).toBe(true)
  const url = moduleOf(
    `class Hidden extends Executor { static module = module_ }\nofferClass(Hidden)\nawait new Promise(() => {})`,
  )
  expect((await loadClass(url, 'Hidden')).name).toBe('Hidden')
})

test('in a pod an exported class is offered before its module ends', async () => {
  enterPod()
  const url = moduleOf(
    `export class Shown extends Executor { static module = module_ }\nofferClass(Shown)\nawait new Promise(() => {})`,
  )
  expect((await loadClass(url, 'Shown')).name).toBe('Shown')
  expect((await loadClass(url, 'Shown')).name).toBe('Shown')
})

test('in a pod a class may be offered after its module has been evaluated', async () => {
  enterPod()
  const url = moduleOf(
    `class Late extends Executor { static module = module_ }\nglobalThis.fixture.later = () => offerClass(Late)`,
  )
  const loading = loadClass(url, 'Late', { clock: stoppedClock() })
  await import(/* @vite-ignore */ url)
  ;(globalThis as unknown as { fixture: { later(): void } }).fixture.later()
  expect((await loading).name).toBe('Late')
})

test('in a pod a class that is never offered is reported missing in the end', async () => {
  enterPod()
  const clock = stoppedClock()
  const passing: Clock = {
    ...clock,
    after: (ms, wake) => {
      const cancel = clock.after(ms, wake)
      clock.pass()
      return cancel
    },
  }
  await expect(
    loadClass(moduleOf('class Lost extends Executor {}'), 'Lost', { clock: passing }),
  ).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' })
})

test('in a pod two classes of one name and file are refused, not mixed up', async () => {
  enterPod()
  const url = moduleOf(
    `const of = (n) => class Same extends Executor { static module = module_; n = n }
offerClass(of(1))
offerClass(of(2))
await new Promise(() => {})`,
  )
  await expect(loadClass(url, 'Same')).rejects.toMatchObject({
    code: 'INVALID_EXECUTOR',
    message: expect.stringContaining("'Same'"),
  })
})

test('a class of the same name from another file is not used', async () => {
  enterPod()
  class Same extends Executor {
    static override module = 'file:///another.js'
  }
  offerClass(Same)
  const url = moduleOf('export class Same extends Executor {}')
  expect(await loadClass(url, 'Same')).not.toBe(Same)
})

test('a class without a known module is matched by its name', async () => {
  enterPod()
  class Placeless extends Executor {}
  offerClass(Placeless)
  expect(await loadClass(moduleOf('await new Promise(() => {})'), 'Placeless')).toBe(Placeless)
})
