import { type DocumentArray, Executor, requests } from 'millrace'

import { TfidfVectorizer } from '../../examples/scale-out/tfidf-vectorizer.js'

/** The tutorial's executor, with CPU measurement. */
export class MyTokenizer extends Executor {
  readonly #vectorizer = new TfidfVectorizer()
  #methodCpuS = 0
  #handlerCpuS = 0

  @requests
  vectorize(docs: DocumentArray): void {
    const begin = cpuS()
    const contents = docs.contents as string[]
    const read = cpuS()
    const matrix = this.#vectorizer.fitTransform(contents)
    const done = cpuS()
    docs.embeddings = matrix
    this.#methodCpuS += done - read
    this.#handlerCpuS += cpuS() - begin
  }

  @requests('/spent')
  spent(): { methodCpuS: number; handlerCpuS: number } {
    return { methodCpuS: this.#methodCpuS, handlerCpuS: this.#handlerCpuS }
  }
}

/** CPU of the whole process, because garbage-collector threads work for the method as well. */
function cpuS(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
