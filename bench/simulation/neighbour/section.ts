import { powerOfTwoAtOnce, shipped } from '../contenders.js'
import { markdownTable } from '../table.js'
import { besideOthers, type Neighbourhood } from './neighbour.js'

const neighbourhoods: readonly Neighbourhood[] = [
  { replicas: 1, requests: 1000, connections: 1 },
  { replicas: 1, requests: 1000, connections: 20 },
  { replicas: 1, requests: 4000, connections: 1 },
  { replicas: 4, requests: 1000, connections: 1 },
  { replicas: 4, requests: 4000, connections: 20 },
]

const story = `## Beside a client with thousands of requests

Another client sends all its requests at once; mine follow one after the other, 100 ms after each answer. Latencies are those of
my requests, in multiples of the mean duration of a request at an idle replica; one request in 200 takes ten times as
long. At most 1,000 of the other's requests wait, and more are refused; mine should neither be refused nor wait for
more than about one of theirs.`

/** How much one client delays another. */
export async function neighbourSection(): Promise<string> {
  const titles = ['replicas', 'theirs', 'connections', 'answered', 'mine', 'refused', 'p50', 'p99']
  const rows: string[][] = []
  for (const neighbourhood of neighbourhoods) {
    for (const contender of [powerOfTwoAtOnce, shipped]) {
      const { replicas, requests, connections } = neighbourhood
      const { theirsAnswered, answered, refused, p50, p99 } = await besideOthers(neighbourhood, contender)
      const counts = [replicas, requests, connections, theirsAnswered, answered, refused].map(String)
      rows.push([contender.name, ...counts, ...[p50, p99].map(timesCell)])
    }
  }
  return `${story}\n\n${markdownTable(['policy', ...titles], rows)}`
}

function timesCell(times: number): string {
  return Number.isNaN(times) ? '–' : times.toFixed(1)
}
