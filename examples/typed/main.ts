import { Client, doc, Executor, Flow, tensor, typed } from 'millrace'
import { z } from 'zod'

const Question = doc({ text: z.string() }, { name: 'Question' })
const Match = doc({ title: z.string(), score: z.number() }, { name: 'Match' })
const Answer = doc(
  { text: z.string(), embedding: tensor('float32', [26]), matches: [Match] },
  { name: 'Answer' },
)
const Options = z.object({ limit: z.number().int().positive().default(2) })

const titles = ['The water of lakes', 'Fire', 'Waterfalls', 'Earth']

class Search extends Executor {
  static override requests = {
    '/search': typed({ input: Question, output: Answer, parameters: Options }, (questions, { parameters }) =>
      questions.to(Answer, ({ text }) => {
        const embedding = letters(text)
        const matches = titles
          .map((title) => ({ title, score: similarity(embedding, letters(title)) }))
          .sort((left, right) => right.score - left.score)
          .slice(0, parameters.limit)
        return { embedding, matches }
      }),
    ),
  }
}

const flow = new Flow({ protocol: 'http', host: '127.0.0.1', quiet: true }).add({
  name: 'search',
  uses: Search,
})
await flow.start()

const client = new Client<typeof flow>({ host: `http://127.0.0.1:${flow.port}`, typed: true })
const [answer] = await client.post('/search', { text: 'water' }, { parameters: { limit: 1 } })
for (const { title, score } of answer?.matches ?? []) console.log(`${title} (${score.toFixed(2)})`)

const refused = await client
  .post('/search', { text: 'water' }, { parameters: { limit: 0 } })
  .catch((error: unknown) => String(error))
console.log(refused)
await client.close()
await flow.close()

/** How often a text has each letter, with length 1. */
function letters(text: string): Float32Array {
  const counts = new Float32Array(26)
  for (const letter of text.toLowerCase().match(/[a-z]/g) ?? []) counts[letter.charCodeAt(0) - 97]! += 1
  const length = Math.hypot(...counts) || 1
  return counts.map((count) => count / length)
}

function similarity(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, at) => sum + value * right[at]!, 0)
}
