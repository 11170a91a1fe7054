import { doc } from 'millrace'
import { z } from 'zod'

/** What clients send. */
export const Article = doc({ text: z.string().min(1) })

/** What they get. */
export const Summary = doc({ text: z.string(), words: z.number().int(), minutes: z.number() })

export const Parameters = z.object({ wordsPerMinute: z.number().positive().default(200) })
