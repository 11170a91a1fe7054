import path from 'node:path'
import { expect, it } from 'vitest'
import { defaultHttpRules } from '../gateway/http-rules.js'
import { createPlan } from './flow-plan.js'
import type { FlowHttp } from './http-settings.js'

const of = (http: Partial<FlowHttp>): unknown => createPlan({ http }).settings.http

it('options of HTTP have the defaults of the gateway', () => {
  expect(of({})).toEqual(defaultHttpRules)
  expect(createPlan({}).settings.http).toEqual(defaultHttpRules)
})

it('an exposed endpoint has its own path and POST by default', () => {
  expect(of({ expose: { '/a': {}, '/b': { path: '/v1/b', methods: ['GET', 'PUT'] } } })).toMatchObject({
    expose: { '/a': { path: '/a', methods: ['POST'] }, '/b': { path: '/v1/b', methods: ['GET', 'PUT'] } },
  })
})

it.each([
  { cors: 'https://a.example' },
  { cors: [] },
  { cors: ['a.example'] },
  { cors: ['https://a.example/path'] },
  { crudEndpoints: 'no' },
  { openapi: 'no' },
  { docs: 'no' },
  { expose: { '/a': { path: '/docs', methods: ['GET'] } } },
  { title: 5 },
  { routes: 5 },
  { routes: '' },
  { description: {} },
  { expose: { '/a': { path: '/openapi.json' } } },
  { debugendpoints: false },
  { expose: ['/a'] },
  { expose: { a: {} } },
  { expose: { '/a': { method: 'PUT' } } },
  { expose: { '/a': { methods: [] } } },
  { expose: { '/a': { methods: ['BREW'] } } },
  { expose: { '/a': { path: 'a' } } },
  { expose: { '/a': { path: '/a/:id' } } },
  { expose: { '/a': { path: '/*' } } },
  { expose: { '/a': { path: '/status' } } },
  { expose: { '/a': { path: '/c' }, '/b': { path: '/c' } } },
])('%j is refused when the Flow is built', (http) => {
  expect(() => of(http as object)).toThrow(/Flow: http must be \{ errorStatus, cors, /)
})

it('a module of routes is found when the Flow is built, from the working directory', () => {
  const routes = 'src/gateway/http-rules.ts#shop'
  expect(createPlan({ protocol: 'http', http: { routes } }).settings.http.routes).toBe(path.resolve(routes))
  expect(() => createPlan({ protocol: 'http', http: { routes: './nowhere.js' } })).toThrow(
    /Flow: http\.routes: there is no file .*nowhere\.js\. A relative path starts at the working directory/,
  )
})

it('a module of routes needs HTTP', () => {
  const http = { routes: 'src/gateway/http-rules.ts' }
  expect(() => createPlan({ http })).toThrow(/http\.routes needs the protocol 'http', and protocol is 'grpc'/)
  expect(() => createPlan({ http, protocol: ['grpc', 'websocket'] })).toThrow(/is 'grpc', 'websocket'/)
})
