// A program that runs a Flow with containers and does not end by itself: node flow.mjs NAME IMAGE
import { Flow } from 'millrace'

const [name, image] = process.argv.slice(2)
await new Flow({ name, quiet: true, host: '127.0.0.1' })
  .add({ name: 'echo', uses: `docker://${image}`, replicas: 2 })
  .start()
console.log('up')
setInterval(() => {}, 60_000)
