import { Flow } from 'millrace'
import { MyTokenizer } from './my-tokenizer.js'

export const flow = new Flow({ name: 'news' })
  .add({ name: 'fast_executor' })
  .add({ name: 'slow_executor', uses: MyTokenizer, replicas: 2 })
