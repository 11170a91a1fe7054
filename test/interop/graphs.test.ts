import { describeShapes } from './graph-comparison.js'
import { shapes } from './graph-shapes.js'

// Some of the graphs of test/interop-graphs, which has them all and takes minutes.

describeShapes(shapes.filter(({ isQuick = false }) => isQuick))
