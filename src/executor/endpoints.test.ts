import { expect, test } from 'vitest'
import { DocumentArray } from '../document/index.js'
import type { HandlerContext } from './context.js'
import { endpointsOf } from './endpoints.js'
import { Executor, type ExecutorClass } from './executor.js'
import type { StaticRequests } from './options.js'
import { requests } from './requests.js'

const bound = (Class: ExecutorClass, usesRequests?: Record<string, string>) =>
  Object.fromEntries([...endpointsOf(Class, usesRequests)].map(([path, { method }]) => [path, method]))

const answer = (Class: ExecutorClass): unknown => {
  const executor = new Class()
  return endpointsOf(Class)
    .get('/index')
    ?.handler.call(executor, new DocumentArray(), {} as HandlerContext)
}

const invalid = (text: string) =>
  expect.objectContaining({ code: 'INVALID_EXECUTOR', message: expect.stringContaining(text) })

class Parent extends Executor {
  @requests('/index')
  index(): object {
    return { by: 'parent' }
  }
  @requests('/search')
  search() {}
}

test('the base class passes everything through', () => {
  expect(bound(Executor)).toEqual({ '/default': '' })
})

test('a subclass without endpoints serves none', () => {
  class Nothing extends Executor {}
  expect(bound(Nothing)).toEqual({})
})

test('endpoints are inherited', () => {
  class Child extends Parent {
    @requests('/more')
    more() {}
  }
  expect(bound(Child)).toEqual({ '/index': 'index', '/search': 'search', '/more': 'more' })
  expect(bound(Parent)).toEqual({ '/index': 'index', '/search': 'search' })
})

test('a subclass rebinds an endpoint', () => {
  class Child extends Parent {
    @requests('/index')
    better() {}
  }
  expect(bound(Child)).toEqual({ '/index': 'better', '/search': 'search' })
})

test('a method that overrides another takes over its endpoints, decorated or not', () => {
  class Silent extends Parent {
    override index() {
      return { by: 'silent' }
    }
  }
  class Loud extends Parent {
    @requests('/also')
    override index() {
      return { by: 'loud' }
    }
  }
  expect(answer(Silent)).toEqual({ by: 'silent' })
  expect(bound(Loud)).toEqual({ '/index': 'index', '/search': 'search', '/also': 'index' })
  expect(answer(Loud)).toEqual({ by: 'loud' })
})

test('the static map names methods, with options or without, and is inherited like decorators', () => {
  class Plain extends Executor {
    static override requests: StaticRequests = { '/a': 'a', '/b': { method: 'b', write: true } }
    a() {}
    async *b() {}
  }
  class Child extends Plain {
    static override requests = { '/a': 'c', '/b': 'b' }
    c() {}
  }
  expect(bound(Plain)).toEqual({ '/a': 'a', '/b': 'b' })
  expect(endpointsOf(Plain).get('/b')).toMatchObject({ write: true, isGenerator: true })
  expect(endpointsOf(Plain).get('/a')).toMatchObject({ write: false, isGenerator: false })
  expect(bound(Child)).toEqual({ '/a': 'c', '/b': 'b' })
})

test('usesRequests binds a method and removes its own endpoints', () => {
  expect(bound(Parent, { '/new': 'index' })).toEqual({ '/search': 'search', '/new': 'index' })
  expect(bound(Parent, { '/search': 'index' })).toEqual({ '/search': 'index' })
  expect(bound(Parent, { '/a': 'index', '/b': 'index' })).toEqual({
    '/search': 'search',
    '/a': 'index',
    '/b': 'index',
  })
})

test('usesRequests binds a method without a decorator, and a write stays a write', () => {
  class Mixed extends Executor {
    @requests({ on: '/put', write: true })
    put() {}
    plain() {}
  }
  const endpoints = endpointsOf(Mixed, { '/set': 'put', '/plain': 'plain' })
  expect([...endpoints.keys()]).toEqual(['/set', '/plain'])
  expect(endpoints.get('/set')?.write).toBe(true)
})

test('an endpoint bound to two methods of one class is refused with both names', () => {
  class Twice extends Executor {
    @requests('/x')
    first() {}
    @requests('/x')
    second() {}
  }
  class Both extends Executor {
    static override requests = { '/x': 'second' }
    @requests('/x')
    first() {}
    second() {}
  }
  expect(() => endpointsOf(Twice)).toThrow(invalid("'/x' is bound to both first and second"))
  expect(() => endpointsOf(Both)).toThrow(invalid("'/x' is bound to both first and second"))
})

test('a method that does not exist is refused with the nearest name', () => {
  class Typo extends Executor {
    static override requests = { '/x': 'vectorise' }
    vectorize() {}
  }
  expect(() => endpointsOf(Typo)).toThrow(invalid("did you mean 'vectorize'"))
  expect(() => endpointsOf(Parent, { '/x': 'somethingElse' })).toThrow(invalid('index, search'))
  expect(() => endpointsOf(Parent, { '/x': 'toString' })).toThrow(invalid('toString'))
  expect(() => endpointsOf(Parent, { '/x': 'constructor' })).toThrow(invalid('constructor'))
})

test('a handler with more than two arguments, a getter and a field are refused', () => {
  class Wide extends Executor {
    static override requests = { '/x': 'wide' }
    wide(_docs: unknown, _context: unknown, _more: unknown) {}
  }
  class Getter extends Executor {
    static override requests = { '/x': 'value' }
    get value(): never {
      throw new Error('must not be read')
    }
  }
  class Field extends Executor {
    static override requests = { '/x': 'field' }
    field = () => {}
  }
  expect(() => endpointsOf(Wide)).toThrow(invalid('wide takes 3 arguments; a handler takes (docs, context)'))
  expect(() => endpointsOf(Getter)).toThrow(invalid("'value' is not a method"))
  expect(() => endpointsOf(Field)).toThrow(invalid("no method 'field'"))
})

test('an endpoint without its slash, and the reserved one, are refused', () => {
  class Slash extends Executor {
    static override requests = { foo: 'foo' }
    foo() {}
  }
  expect(() => endpointsOf(Slash)).toThrow(invalid("'/foo'"))
  expect(() => endpointsOf(Parent, { _jina_dry_run_: 'index' })).toThrow(invalid('_jina_dry_run_'))
})

test('options of the static map are checked like those of the decorator', () => {
  const withEntry = (entry: unknown) => {
    class Entry extends Executor {
      static override requests = { '/x': entry as string }
      foo() {}
    }
    return () => endpointsOf(Entry)
  }
  expect(withEntry({ method: 'foo', batch: 5 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(withEntry({ method: 'foo', input: {} })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(withEntry({ method: 'foo', on: '/y' })).toThrow(invalid("'on'"))
  expect(withEntry({ write: true })).toThrow(invalid('{ method, write, batch }'))
  expect(withEntry(5)).toThrow(invalid('{ method, write, batch }'))
})

test('a class that is not an Executor is refused', () => {
  expect(() => endpointsOf(Map as unknown as ExecutorClass)).toThrow(invalid('extends Executor'))
  expect(() => endpointsOf('x' as unknown as ExecutorClass)).toThrow(invalid('extends Executor'))
})

test('the class is not constructed to know its endpoints', () => {
  let constructed = 0
  class Counting extends Parent {
    constructor() {
      super()
      constructed++
    }
  }
  expect(endpointsOf(Counting).size).toBe(2)
  expect(constructed).toBe(0)
})
