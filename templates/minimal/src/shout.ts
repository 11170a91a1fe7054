import { type DocumentArray, Executor, requests } from 'millrace'

/** Answers each text with an exclamation mark. */
export class Shout extends Executor {
  @requests('/shout')
  shout(docs: DocumentArray): void {
    docs.texts = docs.texts.map((text) => `${text}!`)
  }
}
