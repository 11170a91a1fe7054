import { expect, test } from 'vitest'
import { inImage } from './container-paths.js'

test('a module of the project is in the folder of the project', () => {
  expect(inImage('file:///shop/dist/encoder.js', '/shop', 'a')).toBe('/app/dist/encoder.js')
})

test('a module of a package is in the folder of the project as well', () => {
  expect(inImage('file:///shop/node_modules/models/index.js', '/shop', 'a')).toBe(
    '/app/node_modules/models/index.js',
  )
})

test('a module of Millrace is in the image’s copy of Millrace, whichever copy runs here', () => {
  const door = new URL('../indexer/index.js', import.meta.url).href
  expect(inImage(door, '/shop', 'a')).toBe('/app/node_modules/millrace/dist/indexer/index.js')
})

test('any other module is refused', () => {
  expect(() => inImage('file:///shop2/encoder.js', '/shop', 'a')).toThrow(
    /'a': \/shop2\/encoder\.js is not in the project \/shop/,
  )
})
