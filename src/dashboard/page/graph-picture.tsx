import type { FlowView } from '../view/flow-view.js'
import type { Box, Edge } from '../view/graph.js'
import type { StageView } from '../view/stage-view.js'
import { perSecond } from './shown.js'

/** Pixels of a box, and of the space around it. */
const box = { width: 150, height: 58, gapX: 44, gapY: 18 }

/** The stages of the Flow and the traffic between them; each box leads to its stage below. */
export function GraphPicture({ view: { graph, stages } }: { readonly view: FlowView }) {
  const byName = new Map(stages.map((stage) => [stage.name, stage]))
  const width = graph.columns * (box.width + box.gapX) - box.gapX + 2
  const height = graph.rows * (box.height + box.gapY) - box.gapY + 2
  return (
    <section aria-labelledby="graph-title">
      <h2 id="graph-title">Graph</h2>
      <div class="scroll" tabIndex={0} role="group" aria-labelledby="graph-title">
        <svg class="graph" width={width} height={height} viewBox={`-1 -1 ${width} ${height}`}>
          {graph.edges.map((edge) => (
            <Line edge={edge} rate={byName.get(edge.to.name)?.rate ?? null} />
          ))}
          {graph.boxes.map((each) => (
            <BoxOf box={each} stage={byName.get(each.name)} />
          ))}
        </svg>
      </div>
    </section>
  )
}

function Line({ edge: { from, to }, rate }: { readonly edge: Edge; readonly rate: number | null }) {
  const [x1, y1] = [leftOf(from) + box.width, topOf(from) + box.height / 2]
  const [x2, y2] = [leftOf(to), topOf(to) + box.height / 2]
  const middle = (x1 + x2) / 2
  // wider with each power of ten
  const width = rate === null || rate === 0 ? 1 : 1.5 + Math.max(0, Math.log10(rate))
  const isBusy = rate !== null && rate > 0
  return (
    <path
      class={isBusy ? 'edge busy' : 'edge'}
      stroke-width={width}
      d={`M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`}
    />
  )
}

function BoxOf({ box: at, stage }: { readonly box: Box; readonly stage: StageView | undefined }) {
  const [x, y] = [leftOf(at), topOf(at)]
  const picture = (
    <>
      <rect
        class={`box ${stage?.health ?? 'unknown'}`}
        x={x}
        y={y}
        width={box.width}
        height={box.height}
        rx="8"
      />
      <text class="name" x={x + 12} y={y + 24}>
        {short(at.name)}
      </text>
      <text class="facts" x={x + 12} y={y + 44}>
        {stage === undefined ? 'clients' : factsOf(stage)}
      </text>
    </>
  )
  if (stage === undefined) return picture
  return <a href={`#stage-${stage.name}`}>{picture}</a>
}

function factsOf({ runtime, ready, replicas, rate }: StageView): string {
  const traffic = rate === null ? '' : ` · ${perSecond(rate)}/s`
  return runtime === 'pass-through' ? 'passes through' : `${ready} of ${replicas}${traffic}`
}

function short(name: string): string {
  return name.length > 17 ? `${name.slice(0, 16)}…` : name
}

const leftOf = ({ column }: Box): number => column * (box.width + box.gapX)
const topOf = ({ row }: Box): number => row * (box.height + box.gapY)
