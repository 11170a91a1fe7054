import { expect, test } from 'vitest'
import { z } from 'zod'
import type { DocumentArray } from '../document/index.js'
import { doc, type DocList } from '../document/typed/index.js'
import type { HandlerContext } from './context.js'
import { endpointsOf } from './endpoints.js'
import { Executor } from './executor.js'
import { requests } from './requests.js'
import { typed } from './typed.js'

const Text = doc({ text: z.string() }, { name: 'Text' })
const Title = doc({ title: z.string() }, { name: 'Title' })
const Options = z.object({ scale: z.number().default(2) })
const spell = { input: Text, output: Text }
const scale = { input: Text, parameters: Options }

test('a class that serves what it declares is one like others', () => {
  class Typed extends Executor<{ '/spell': typeof spell; '/scale': typeof scale }> {
    @requests({ ...spell, on: '/spell' })
    spell(docs: DocList<typeof Text>) {
      return docs
    }
    @requests({ ...scale, on: ['/scale', '/undeclared'] })
    scale(_docs: DocList<typeof Text>, _context: HandlerContext<{ scale: number }>) {}
    @requests
    rest(_docs: DocumentArray) {}
  }
  class Declaring extends Executor.declaring({ '/spell': spell, '/scale': scale }) {
    static override requests = { '/scale': typed(scale, () => {}) }
    @requests({ ...spell, on: '/spell' })
    spell(docs: DocList<typeof Text>) {
      return docs
    }
  }
  class Extending extends Declaring {
    @requests('/more')
    more() {}
  }
  expect([...endpointsOf(Typed).keys()].sort()).toEqual(['/default', '/scale', '/spell', '/undeclared'])
  expect([...endpointsOf(Extending).keys()].sort()).toEqual(['/more', '/scale', '/spell'])
  expect(new Extending()).toBeInstanceOf(Executor)
  // a stage may serve a method elsewhere
  expect(endpointsOf(Extending, { '/other': 'spell' }).has('/other')).toBe(true)
})

test('/default serves what is declared and has no method of its own', () => {
  class All extends Executor.declaring({ '/spell': spell }) {
    @requests(spell)
    all(docs: DocList<typeof Text>) {
      return docs
    }
  }
  expect([...endpointsOf(All).keys()]).toEqual(['/default'])
})

test('types other than those declared do not compile', () => {
  class Wrong extends Executor<{
    '/a': typeof spell
    '/b': typeof spell
    '/c': typeof scale
    '/default': typeof spell
  }> {
    // @ts-expect-error -- another input: '/a' is declared with another input
    @requests({ input: Title, output: Text, on: '/a' })
    input(docs: DocList<typeof Title>) {
      return docs.to(Text, ({ title }) => ({ text: title }))
    }
    // @ts-expect-error -- no output
    @requests({ input: Text, on: ['/b', '/x'] })
    output(_docs: DocList<typeof Text>) {}

    // @ts-expect-error -- other parameters
    @requests({ input: Text, parameters: z.object({ scale: z.string() }), on: '/c' })
    parameters(_docs: DocList<typeof Text>, _context: HandlerContext<{ scale: string }>) {}

    // @ts-expect-error -- no types
    @requests('/a')
    nothing(_docs: DocumentArray) {}

    // @ts-expect-error -- no types for /default
    @requests
    rest(_docs: DocumentArray) {}
  }
  class Declaring extends Executor.declaring({ '/a': spell }) {
    // @ts-expect-error -- another output
    @requests({ input: Text, output: Title, on: '/a' })
    output(docs: DocList<typeof Text>) {
      return docs.to(Title, ({ text }) => ({ title: text }))
    }
  }
  expect([Wrong, Declaring]).toHaveLength(2)
})

test('an endpoint that is declared and not served is refused, and the message has the nearest endpoint', () => {
  class Missing extends Executor.declaring({ '/spell': spell, '/scale': scale }) {
    @requests({ ...spell, on: '/spel' })
    spell(docs: DocList<typeof Text>) {
      return docs
    }
    @requests({ ...scale, on: '/scale' })
    scale(_docs: DocList<typeof Text>) {}
  }
  expect(() => endpointsOf(Missing)).toThrow(
    expect.objectContaining({
      code: 'INVALID_EXECUTOR',
      message: expect.stringContaining(
        "Missing declares '/spell', and none of its methods serves it; did you mean '/spel', which it serves?",
      ) as string,
    }),
  )
})

test.each([
  [
    { input: Text, output: Title },
    "declares '/spell' with the output Text (text), and spell serves it with the output Title (title)",
  ],
  [{ output: Text }, "declares '/spell' with the input Text (text), and spell serves it with no input"],
  [{ ...spell, parameters: Options }, "declares '/spell' with no parameters, and spell serves it with other"],
])('an endpoint that is served with other types than declared is refused: %#', (options, message) => {
  class Other extends Executor.declaring({ '/spell': spell }) {
    static override requests = { '/spell': { ...options, method: 'spell' } }
    spell() {}
  }
  expect(() => endpointsOf(Other)).toThrow(message)
})

test.each([
  [null, 'Executor.declaring() takes endpoints with their types'],
  [{ spell }, "an endpoint starts with '/'"],
  [{ '/spell': Text }, "'/spell' must have an object { input, output, parameters }"],
  [{ '/spell': { input: {} } }, "'input' must be a class of typed documents"],
])('Executor.declaring refuses %#', (endpoints, message) => {
  expect(() => Executor.declaring(endpoints as never)).toThrow(message)
})
