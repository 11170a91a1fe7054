// Writes the archives of the images and prints their paths: npx tsx test/support/containers/make.ts
import { makeImages } from './images.js'

console.log(JSON.stringify(await makeImages(), null, 2))
