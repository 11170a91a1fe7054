import { contenders } from './contenders.js'
import { daySection } from './day/section.js'
import { introduction } from './introduction.js'
import { neighbourSection } from './neighbour/section.js'
import { type Scenario, simulate } from './scenario.js'
import { scenarios } from './scenarios/index.js'
import { tableOf, type TableRow } from './table.js'

/** The content of `bench/simulation.md`. `told` is called after each part. */
export async function report(told: (part: string) => void): Promise<string> {
  const sections: string[] = []
  for (const scenario of scenarios) {
    sections.push(await section(scenario))
    told(scenario.title)
  }
  sections.push(await neighbourSection())
  told('Beside a client with thousands of requests')
  sections.push(await daySection())
  told('A day with the autoscaler')
  return `${[introduction, ...sections].join('\n\n')}\n`
}

async function section(scenario: Scenario): Promise<string> {
  const rows: TableRow[] = []
  for (const contender of contenders) {
    const { name } = contender
    rows.push({ name, tally: await simulate(scenario, contender) })
  }
  return `## ${scenario.title}\n\n${scenario.story}\n\n${tableOf(rows)}`
}
