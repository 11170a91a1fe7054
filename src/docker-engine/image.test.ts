import { expect, test } from 'vitest'
import { PullProgress } from './image.js'

test('progress of a pull counts layers and megabytes, and never decreases during extraction', () => {
  const progress = new PullProgress()
  progress.hear({ id: '1.2', status: 'Pulling from library/node' })
  progress.hear({ id: 'a', status: 'Pulling fs layer' })
  progress.hear({ id: 'b', status: 'Already exists' })
  progress.hear({ id: 'a', status: 'Downloading', progressDetail: { current: 40e6, total: 100e6 } })
  expect(progress.sentence).toBe('1 of 2 layers, 40 of 100 MB')
  progress.hear({ id: 'a', status: 'Download complete' })
  progress.hear({ id: 'a', status: 'Extracting', progressDetail: { current: 1e6, total: 100e6 } })
  progress.hear({ id: 'a', status: 'Pull complete' })
  expect(progress.sentence).toBe('2 of 2 layers, 100 of 100 MB')
})
