import { Executor } from 'millrace'

export class Reverse extends Executor {
  static requests = { '/foo': 'reverse' }

  reverse(docs) {
    for (const doc of docs) doc.text = [...doc.text].toReversed().join('')
  }
}
