import { Client } from 'millrace'
import { expect, inject, it } from 'vitest'
import { graphAnswer, graphAnswerHere, graphFlow, graphProject } from '../support/graph-flow.js'
import { Composed } from './support/compose.js'

it('a graph answers on Docker, and under Docker Compose, as on this machine', async () => {
  const expected = await graphAnswerHere()
  const there = graphFlow({ name: `graph-${process.pid}` })
  await there.start({ on: 'docker', image: inject('projectImage'), project: graphProject })
  try {
    expect(await graphAnswer(there)).toEqual(expected)
  } finally {
    await there.close({ remove: true })
  }
  const composed = await Composed.up(graphFlow({ name: 'graph' }), graphProject)
  try {
    await using client = new Client({ host: composed.host })
    expect(await graphAnswer(client)).toEqual(expected)
  } finally {
    await composed.remove()
  }
}, 300_000)
