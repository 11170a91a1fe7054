import { expect, it } from 'vitest'
import { flowSchema } from './schema.js'

interface Properties {
  readonly [key: string]: {
    readonly type?: readonly string[]
    readonly description?: string
    readonly default?: unknown
  }
}

function propertiesOf(section: 'gateway' | 'stage'): Properties {
  const { properties } = JSON.parse(JSON.stringify(flowSchema())) as {
    properties: { gateway: { properties: Properties }; with: { anyOf: { properties: Properties }[] } }
  }
  return section === 'gateway' ? properties.gateway.properties : properties.with.anyOf[1]!.properties
}

it('the schema has Jina’s keys with the types of our options', () => {
  const stage = propertiesOf('stage')
  expect(stage.replicas?.type).toEqual(['string', 'null', 'number', 'object'])
  expect(stage.external).toEqual({
    description: 'true or false',
    type: ['string', 'null', 'boolean'],
    default: false,
  })
  expect(stage.timeout_send?.type).toEqual(['string', 'null', 'number'])
  expect(stage.polling?.type).toEqual(['string', 'null', 'object'])
  expect(stage.monitoring).toEqual({ description: 'has no effect here' })
  expect(stage.uses?.type).toContain('object')
  expect(stage).not.toHaveProperty('usesWith')
  expect(stage).not.toHaveProperty('stateful')
  expect(propertiesOf('gateway').port).toMatchObject({
    type: ['string', 'null', 'number', 'array'],
    default: [0],
  })
})
