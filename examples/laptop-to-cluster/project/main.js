import { Document } from 'millrace'
import { flow } from './flow.js'

const image = 'registry.example/news:1'
const places = {
  localhost: {},
  docker: { on: 'docker', image },
  kubernetes: { on: 'kubernetes', image, namespace: 'news' },
}
const [where = 'localhost'] = process.argv.slice(2)

function* news() {
  for (let number = 0; number < 1000; number++)
    yield new Document({ text: `news ${number} of ${number % 7}` })
}

await flow.start(places[where])
for (const replicas of [2, 3, 1]) {
  await flow.scale('slow_executor', { replicas }) // live: nothing is lost, nothing is restarted
  const docs = await flow.post('/foo', news, { requestSize: 100 })
  const words = docs.embeddings.data.reduce((sum, count) => sum + count, 0)
  console.log(`${where}, ${replicas} replicas: ${docs.length} documents, ${words} words`)
}
await flow.close() // on Docker and Kubernetes it goes on
