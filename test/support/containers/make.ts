// Writes the images' archives, and says where they are: npx tsx test/support/containers/make.ts
import { makeImages } from './images.js'

console.log(JSON.stringify(await makeImages(), null, 2))
