import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { commandOf, exampleOf, resolve, toRequest } from './operation.js'

describe('the page at /docs', () => {
  it('finds the example of a body, with the defaults of what is added to it', () => {
    const api = {
      components: { schemas: { Request: { examples: [{ data: [] }] }, 'a/b': { type: 'object' } } },
    }
    const request = { $ref: '#/components/schemas/Request' }
    expect(resolve(api, request)).toBe(api.components.schemas.Request)
    expect(exampleOf(api, request)).toEqual({ data: [] })
    const extended = { allOf: [request, { properties: { execEndpoint: { default: '/' }, other: {} } }] }
    expect(exampleOf(api, extended)).toEqual({ data: [], execEndpoint: '/' })
  })

  it('sends what is filled in, relative to the page', () => {
    const values: Parameters<typeof toRequest>[1]['values'] = [
      [{ name: 'text', in: 'query' }, 'a b&c'],
      [{ name: 'uri', in: 'query' }, ''],
      [{ name: 'x-request-id', in: 'header' }, 'r'],
    ]
    expect(
      toRequest({ method: 'get', path: '/words' }, { values, body: null, accept: 'text/event-stream' }),
    ).toEqual({
      url: './words?text=a+b%26c',
      options: { method: 'GET', headers: { accept: 'text/event-stream', 'x-request-id': 'r' } },
    })
    expect(
      toRequest({ method: 'put', path: '/a' }, { values: [], body: '{}', accept: 'application/json' }),
    ).toEqual({
      url: './a',
      options: {
        method: 'PUT',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: '{}',
      },
    })
  })

  it('writes a command that a shell reads as it was meant', () => {
    const body = `{"text":"it's $HOME \\"\`x\`"}`
    const command = commandOf('http://a/b?c=1', { method: 'PUT', headers: { accept: '*/*' }, body }, true)
    const script = `curl() { printf '%s\\n' "$@"; }\nTOKEN=secret\n${command}`
    const heard = execFileSync('sh', ['-c', script]).toString().trimEnd().split('\n')
    expect(heard).toEqual([
      'http://a/b?c=1',
      ...['-X', 'PUT', '-H', 'authorization: Bearer secret', '-H', 'accept: */*', '-d', body],
    ])
  })
})
