import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { transformWithEsbuild } from 'vite'
import { afterAll, expect, test } from 'vitest'
import type { DocumentArray } from '../document/index.js'
import { endpointsOf } from './endpoints.js'
import { Executor, type ExecutorClass } from './executor.js'
import { locateClass } from './locate.js'
import { requests } from './requests.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-requests-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Count {
  readonly count: number
}

class Every extends Executor {
  @requests
  bare(_docs: DocumentArray) {}
  @requests('/one')
  one() {}
  @requests({ on: ['/two', '/three', '/two'], write: true })
  async several() {}
  @requests('/four')
  @requests('/five')
  *twice() {}
}

test('every form of the decorator binds its endpoints', () => {
  const endpoints = [...endpointsOf(Every).values()].map(({ path, method, write }) => [path, method, write])
  expect(endpoints).toEqual([
    ['/default', 'bare', false],
    ['/one', 'one', false],
    ['/two', 'several', true],
    ['/three', 'several', true],
    ['/five', 'twice', false],
    ['/four', 'twice', false],
  ])
})

test('the decorator does not change the method', () => {
  class Plain extends Executor {
    @requests('/x')
    method() {
      return { n: 5 }
    }
  }
  expect(new Plain().method()).toEqual({ n: 5 })
  expect(Plain.prototype.method.name).toBe('method')
})

test('the return type of a handler is checked by the compiler', () => {
  class Right extends Executor {
    @requests('/nothing')
    nothing() {}
    @requests('/later')
    async later() {}
    @requests('/documents')
    documents(docs: DocumentArray) {
      return docs.length > 0 ? docs : undefined
    }
    @requests('/results')
    async results(): Promise<Count> {
      return { count: 1 }
    }
    @requests('/generated')
    async *generated(docs: DocumentArray) {
      yield* docs
    }
  }
  class Wrong extends Executor {
    // @ts-expect-error -- a text
    @requests('/text')
    text() {
      return 'text'
    }
    // @ts-expect-error -- a text, later
    @requests
    async later() {
      return 'text'
    }
    // @ts-expect-error -- documents in a plain array
    @requests({ on: '/array' })
    array(docs: DocumentArray) {
      return [...docs]
    }
    // @ts-expect-error -- a generator of something else
    @requests('/numbers')
    *numbers() {
      yield 1
    }
  }
  expect([new Right(), new Wrong()]).toHaveLength(2)
})

test('the decorator records the file of the class', () => {
  expect(locateClass(Every)).toEqual({ module: import.meta.url.replace(/\?.*$/u, ''), className: 'Every' })
})

test('stack traces are unchanged after the decorator has read one', () => {
  const limit = Error.stackTraceLimit
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  class Fresh extends Executor {
    @requests
    all() {}
  }
  expect(Fresh.name).toBe('Fresh')
  expect(Error.stackTraceLimit).toBe(limit)
  expect(Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')).toEqual(prepare)
})

test('the file is recorded with a stack trace limit of 0 too', () => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    class Deep extends Executor {
      @requests
      all() {}
    }
    expect(locateClass(Deep)).not.toBeNull()
  } finally {
    Error.stackTraceLimit = limit
  }
})

test('an option that is unknown or has a wrong value is refused where it is written', () => {
  const refuse = (options: object) => () => {
    class Refused extends Executor {
      @requests(options)
      method() {}
    }
    return Refused
  }
  expect(refuse({ input: {} })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(refuse({ output: {} })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(refuse({ parameters: {} })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(refuse({ writes: true })).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_OPTION', message: expect.stringContaining("'write'") }),
  )
  expect(refuse({ on: [] })).toThrow(expect.objectContaining({ code: 'INVALID_EXECUTOR' }))
  expect(refuse({ on: 'index' })).toThrow(
    expect.objectContaining({ code: 'INVALID_EXECUTOR', message: expect.stringContaining("'/index'") }),
  )
  expect(refuse({ on: '/x', write: 'yes' })).toThrow(expect.objectContaining({ code: 'INVALID_EXECUTOR' }))
  expect(refuse({ on: '/x', method: 'y' })).toThrow(expect.objectContaining({ code: 'INVALID_EXECUTOR' }))
})

test('static, private and accessor members cannot be decorated', () => {
  const refused = expect.objectContaining({ code: 'INVALID_EXECUTOR' })
  expect(() => {
    class Static extends Executor {
      @requests('/x')
      static method() {}
    }
    return Static
  }).toThrow(refused)
  expect(() => {
    class Private extends Executor {
      @requests('/x')
      #method() {}
      use() {
        this.#method()
      }
    }
    return Private
  }).toThrow(refused)
})

test('a decorator above @requests that replaces the method is detected when an instance is created', () => {
  const wrap = <F extends (...args: never[]) => unknown>(
    method: F,
    _context: ClassMethodDecoratorContext,
  ): F =>
    function (this: unknown, ...args: never[]) {
      return method.apply(this, args)
    } as F
  class Hidden extends Executor {
    @wrap
    @requests('/x')
    method() {}
  }
  class Fine extends Executor {
    @requests('/x')
    @wrap
    method() {}
  }
  expect(() => new Hidden()).toThrow(/put @requests first/u)
  expect(endpointsOf(Fine).has('/x')).toBe(true)
  expect(new Fine()).toBeInstanceOf(Executor)
})

// The output of compilers for decorators: the class must be found, and in the right file.

const source = `
const { Executor, requests } = globalThis.fixture
const forward = (path) => (method, context) => requests(path)(method, context)
export class Lowered extends Executor {
  @requests bare() {}
  @requests('/x') async x(docs) {}
  @requests({ on: '/y' }) *y(docs) {}
  @forward('/z') z() {}
}
export default class extends Executor {
  @requests('/a') a() {}
}
`

const compilers: Record<string, (code: string) => Promise<string>> = {
  'TypeScript for ES2022': async (code) => transpile(code, { target: ts.ScriptTarget.ES2022 }),
  'TypeScript for ES2016': async (code) => transpile(code, { target: ts.ScriptTarget.ES2016 }),
  'TypeScript with its helpers in tslib': async (code) => {
    const inlined = transpile(code, { target: ts.ScriptTarget.ES2022 })
    const helpers = inlined.slice(0, inlined.indexOf('const { Executor'))
    const names = [...helpers.matchAll(/^var (\w+)/gmu)].map((match) => match[1]).join(', ')
    mkdirSync(join(folder, 'node_modules/tslib'), { recursive: true })
    writeFileSync(join(folder, 'node_modules/tslib/tslib.mjs'), `${helpers}\nexport { ${names} }`)
    return transpile(code, { target: ts.ScriptTarget.ES2022, importHelpers: true }).replace(
      '"tslib"',
      '"./node_modules/tslib/tslib.mjs"',
    )
  },
  'esbuild for ES2022': async (code) => (await transformWithEsbuild(code, 'x.ts', { target: 'es2022' })).code,
  'esbuild minified': async (code) =>
    (await transformWithEsbuild(code, 'x.ts', { target: 'es2022', minify: true })).code,
}

for (const [compiler, compile] of Object.entries(compilers)) {
  test(`decorators compiled by ${compiler} are understood`, async () => {
    Object.assign(globalThis, { fixture: { Executor, requests } })
    const file = join(folder, `${compiler.replaceAll(' ', '-')}.mjs`)
    writeFileSync(file, await compile(source))
    const url = pathToFileURL(file).href
    const exports = (await import(/* @vite-ignore */ url)) as {
      Lowered: ExecutorClass
      default: ExecutorClass
    }
    expect([...endpointsOf(exports.Lowered).keys()]).toEqual(['/default', '/x', '/y', '/z'])
    expect(endpointsOf(exports.Lowered).get('/z')?.method).toBe('z')
    expect(locateClass(exports.Lowered)?.module).toBe(url)
    expect([...endpointsOf(exports.default).keys()]).toEqual(['/a'])
    expect(new exports.Lowered()).toBeInstanceOf(Executor)
  })
}

test('legacy decorators are refused with the setting to change', async () => {
  Object.assign(globalThis, { fixture: { Executor, requests } })
  for (const [index, decorator] of ['@requests', "@requests('/x')"].entries()) {
    const code = `const { Executor, requests } = globalThis.fixture\nexport class Old extends Executor { ${decorator} x() {} }`
    const file = join(folder, `legacy-${index}.mjs`)
    writeFileSync(file, transpile(code, { target: ts.ScriptTarget.ES2022, experimentalDecorators: true }))
    await expect(import(pathToFileURL(file).href)).rejects.toThrow(/experimentalDecorators/u)
  }
})

function transpile(code: string, options: ts.CompilerOptions): string {
  return ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.ESNext, ...options } })
    .outputText
}
