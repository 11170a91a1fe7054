// A program that runs a Flow with containers and does not end by itself: node flow.mjs NAME IMAGE [WORKSPACE]
import { Flow } from 'millrace'

const [name, image, workspace] = process.argv.slice(2)
const flow = new Flow({ name, quiet: true, host: '127.0.0.1' }).add({
  name: 'echo',
  uses: `docker://${image}`,
  replicas: 2,
  ...(workspace !== undefined && { workspace }),
})
await flow.start()
if (workspace !== undefined) await flow.post('/keep', [{ text: 'before' }])
console.log('up')
setInterval(() => {}, 60_000)
