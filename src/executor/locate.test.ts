import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { Executor } from './executor.js'
import { locateClass } from './locate.js'
import { callerModule, moduleUrl } from './origin.js'
import { requests } from './requests.js'

const here = import.meta.url.replace(/\?.*$/u, '')

class Decorated extends Executor {
  @requests
  all() {}
}

test('static module takes precedence over the module recorded by the decorator', () => {
  class Elsewhere extends Executor {
    static override module = 'file:///elsewhere.js?v=2#x'
    @requests
    all() {}
  }
  expect(locateClass(Elsewhere)).toEqual({ module: 'file:///elsewhere.js', className: 'Elsewhere' })
})

test('static module may be a path, as __filename is', () => {
  class Common extends Executor {
    static override module = '/app/common.cjs'
  }
  expect(locateClass(Common)?.module).toBe(pathToFileURL('/app/common.cjs').href)
})

test('a class of a program that is no file has no module', () => {
  for (const name of ['[eval1]', '[eval]', '[stdin]']) expect(moduleUrl(`file:///app/${name}`)).toBeNull()
  expect(moduleUrl('file:///app/[id].js')).toBe('file:///app/[id].js')
})

test('a class that only inherits is not located in the module of its parent', () => {
  class Child extends Decorated {}
  class Parent extends Executor {
    static override module = here
  }
  class OfParent extends Parent {}
  expect(locateClass(Decorated)?.module).toBe(here)
  expect(locateClass(Child)).toBeNull()
  expect(locateClass(OfParent)).toBeNull()
})

test('a module that cannot be imported is not accepted', () => {
  expect(moduleUrl('[eval1]')).toBeNull()
  expect(moduleUrl('node:internal/x')).toBeNull()
  expect(moduleUrl('evalmachine.<anonymous>')).toBeNull()
})

test('the caller of a function is found through helpers of compilers', () => {
  const callee = (): string | null => callerModule(callee)
  const esDecorate = { __esDecorate: () => callee() }.__esDecorate
  expect(callee()).toBe(here)
  expect(esDecorate()).toBe(here)
})
