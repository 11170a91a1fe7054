import { expect, test } from 'vitest'
import { z } from 'zod'
import { doc, type DocClass, optional, tensor } from '../document/typed/index.js'
import { Executor, type ExecutorClass } from '../executor/executor.js'
import { addStage, createPlan } from './flow-plan.js'
import type { StageOptions } from './stage-settings.js'

const Text = doc({ text: z.string() })
const Encoded = doc({ text: z.string(), embedding: tensor('float32', [384]) })
const Wide = doc({ embedding: tensor('float32', [768]) })
const Doubles = doc({ embedding: tensor('float64', [384]) })
const Numbers = doc({ text: z.number() })
const Lenient = doc({ text: z.string(), embedding: optional(tensor('float32')), rank: z.number().default(0) })

function executor(input?: DocClass, output?: DocClass, path = '/x'): ExecutorClass {
  return class extends Executor {
    static override module = import.meta.url
    static override requests = {
      [path]: { method: 'serve', ...(input && { input }), ...(output && { output }) },
    }
    serve() {}
  }
}

function build(...stages: readonly StageOptions[]): void {
  stages.reduce((plan, stage) => addStage(plan, stage), createPlan({}))
}

const chain = (from: ExecutorClass, to: ExecutorClass) => () =>
  build({ name: 'first', uses: from }, { name: 'second', uses: to })

const refused = (message: string) =>
  expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) })

test('stages whose documents fit are accepted', () => {
  chain(executor(Text, Encoded), executor(Encoded))()
  chain(executor(Text, Encoded), executor(Text))()
  chain(executor(Text, Encoded), executor(Lenient))()
  chain(executor(Text, Text), executor(Lenient))()
})

test('a field that the next stage needs, and the stages before it do not give, is refused', () => {
  expect(chain(executor(Text, Text), executor(Encoded))).toThrow(
    refused("stage 'second' needs the field 'embedding' at /x, and 'first' before it gives only id, text"),
  )
})

test('a field of another type, dtype or shape is refused, with both', () => {
  expect(chain(executor(Text, Numbers), executor(Text))).toThrow(
    refused("takes 'text' as string at /x, and 'first' before it gives 'text' as number"),
  )
  expect(chain(executor(Text, Encoded), executor(Wide))).toThrow(
    refused(
      "takes 'embedding' as float32 [768] at /x, and 'first' before it gives 'embedding' as float32 [384]",
    ),
  )
  expect(chain(executor(Text, Doubles), executor(Encoded))).toThrow(refused('gives only id, embedding'))
})

test('what is not typed is not checked', () => {
  chain(executor(Text), executor(Encoded))()
  chain(executor(undefined, undefined), executor(Encoded))()
  chain(executor(Text, Text, '/y'), executor(Encoded))()
})

test('stages that do not serve the endpoint are looked through', () => {
  expect(() =>
    build(
      { name: 'first', uses: executor(Text, Text) },
      { name: 'other', uses: executor(Text, Text, '/y') },
      { name: 'empty' },
      { name: 'last', uses: executor(Encoded) },
    ),
  ).toThrow(refused("stage 'last' needs the field 'embedding' at /x, and 'first'"))
})

test('branches of a join give their fields together', () => {
  const Vector = doc({ embedding: tensor('float32', [384]) })
  build(
    { name: 'text', uses: executor(Text, Text), needs: 'gateway' },
    { name: 'vector', uses: executor(Text, Vector), needs: 'gateway' },
    { name: 'join', uses: executor(Encoded), needs: ['text', 'vector'] },
  )
})
