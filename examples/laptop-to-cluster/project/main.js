import { Document } from 'millrace'
import { flow } from './flow.js'

const image = 'registry.example/news:1'
const platforms = {
  localhost: {},
  docker: { on: 'docker', image },
  kubernetes: { on: 'kubernetes', image, namespace: 'news' },
}
const [platform = 'localhost'] = process.argv.slice(2)

function* news() {
  for (let number = 0; number < 1000; number++)
    yield new Document({ text: `news ${number} of ${number % 7}` })
}

await flow.start(platforms[platform])
for (const replicas of [2, 3, 1]) {
  await flow.scale('slow_executor', { replicas }) // live: no request is lost, no other replica restarts
  const docs = await flow.post('/foo', news, { requestSize: 100 })
  const words = docs.embeddings.data.reduce((sum, count) => sum + count, 0)
  console.log(`${platform}, ${replicas} replicas: ${docs.length} documents, ${words} words`)
}
await flow.close() // on Docker and Kubernetes the Flow keeps running
