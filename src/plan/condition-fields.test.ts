import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Filter } from '../document/index.js'
import { doc, type DocClass, tensor } from '../document/typed/index.js'
import { Executor, type ExecutorClass } from '../executor/executor.js'
import { addStage, createPlan } from './flow-plan.js'
import type { StageOptions } from './stage-settings.js'

const Author = doc({ name: z.string() }, { name: 'Author' })
const Book = doc(
  {
    title: z.string(),
    price: z.object({ net: z.number() }),
    author: Author,
    others: [Author],
    embedding: tensor('float32'),
  },
  { name: 'Book' },
)
const Text = doc({ text: z.string() }, { name: 'Text' })

function executor(...inputs: readonly (DocClass | null)[]): ExecutorClass {
  return class extends Executor {
    static override module = import.meta.url
    static override requests = Object.fromEntries(
      inputs.map((input, at) => [`/${at}`, { method: 'serve', ...(input && { input }) }]),
    )
    serve() {}
  }
}

const build = (when: Filter, stage: StageOptions) => () =>
  addStage(createPlan({}), { name: 'books', ...stage, when })

test.each<[Filter, StageOptions]>([
  [{ title: { $eq: 'a' }, author__name: { $eq: 'b' }, price__net: { $lt: 1 } }, { uses: executor(Book) }],
  [
    { id: { $eq: 'a' }, tags__whatever: { $eq: 1 }, others__0__x: { $exists: true } },
    { uses: executor(Book) },
  ],
  [{ title: { $eq: 'a' }, text: { $eq: '{title}' } }, { uses: executor(Book, Text) }],
  [{ weight: { $lt: 1 }, text: { $eq: 'a' } }, { uses: executor(Book, null) }],
  // classes that are not known here
  [{ title: { $eq: 'a' } }, { external: true, host: 'localhost', port: 5 }],
  [{ title: { $eq: 'a' } }, { uses: 'python:books.Books' }],
])('a condition on fields that documents of the stage have is accepted: %j', (when, stage) => {
  expect(build(when, stage)).not.toThrow()
})

test.each<[Filter, ExecutorClass, string]>([
  [{ titel: { $eq: 'a' } }, executor(Book), "there is no field 'titel' in Book; did you mean 'title'?"],
  [{ $or: [{ price: { $eq: '{titel}' } }] }, executor(Book), "did you mean 'title'?"],
  [{ author__nam: { $eq: 'a' } }, executor(Book), "there is no field 'nam' in Author; did you mean 'name'?"],
  [
    { weight: { $eq: 1 } },
    executor(Book, Text),
    "there is no field 'weight' in Book and Text; there are id, title, price",
  ],
  [
    { titel: { $eq: 1 } },
    executor(Book, null),
    "A Document has no field 'titel'; free properties are in tags__",
  ],
])('a condition on another field is refused when the Flow is built: %j', (when, uses, message) => {
  expect(build(when, { uses })).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(message) as string,
    }),
  )
})
