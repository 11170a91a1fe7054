import { type DocList, Executor, type HandlerContext, requests } from 'millrace'
import type { z } from 'zod'
import { Article, Parameters, Summary } from './schemas.js'

/** Counts the words of articles, and tells how long they take to read. */
export class Reader extends Executor {
  @requests({ on: '/read', input: Article, output: Summary, parameters: Parameters })
  read(docs: DocList<typeof Article>, { parameters }: HandlerContext<z.output<typeof Parameters>>) {
    return docs.to(Summary, ({ text }) => {
      const words = text.match(/\S+/g)?.length ?? 0
      return { words, minutes: words / parameters.wordsPerMinute }
    })
  }
}
