import { describe, expect, it } from 'vitest'
import { elsewhere } from './elsewhere.js'
import { parseFlow } from './flow.js'
import { UsageError } from './usage-error.js'

describe('where a command looks', () => {
  it.each([
    [{}, null],
    [{ on: 'localhost', flow: 'shop', json: true }, null],
    [
      { on: 'kubernetes', namespace: 'shop', context: 'prod', json: true },
      { on: 'kubernetes', namespace: 'shop', context: 'prod' },
    ],
    [
      { on: 'docker', flow: 'shop' },
      { on: 'docker', name: 'shop' },
    ],
  ])('%j', (values, expected) => {
    expect(elsewhere(values)).toEqual(expected)
  })

  it.each([
    [{ on: 'moon' }, "--on must be localhost, docker or kubernetes, not 'moon'."],
    [{ namespace: 'shop' }, '--namespace is of a cluster. Say --on kubernetes with it.'],
    [{ on: 'docker', context: 'prod' }, '--context is of a cluster, and not for --on docker.'],
    [{ on: 'kubernetes', flow: 'shop' }, '--flow is not for --on kubernetes'],
  ])('%j is refused', (values, message) => {
    expect(() => elsewhere(values)).toThrow(UsageError)
    expect(() => elsewhere(values)).toThrow(message)
  })
})

describe('where millrace flow starts', () => {
  it('here, unless it is said', () => {
    expect(parseFlow(['flow.yml', '--port', '8080', '--context', 'a=1'])).toEqual({
      file: 'flow.yml',
      options: { context: { a: '1' }, usesWith: { port: ['8080'] } },
      there: null,
    })
  })

  it('in a cluster, whose context is another one than that of the file', () => {
    const words =
      'flow.yml --on kubernetes --image shop:1 --kube-context prod --gateway-replicas 2 --context a=1 --name shop'
    expect(parseFlow(words.split(' '))).toEqual({
      file: 'flow.yml',
      options: { context: { a: '1' }, usesWith: { name: 'shop' } },
      there: { on: 'kubernetes', image: 'shop:1', context: 'prod', gatewayReplicas: 2 },
    })
  })

  it('not here with options of containers', () => {
    expect(() => parseFlow(['flow.yml', '--image', 'shop:1'])).toThrow(
      '--image is for Flows in containers. Say --on kubernetes or --on docker with it.',
    )
  })
})
