// The page is put together: its state from the recorded graph, its views, and what each of its parts listens to.

import { showAddress, startAddress } from "./address.mjs";
import { showAlgorithm, startAlgorithms } from "./algorithms.mjs";
import { startBoxes } from "./boxes.mjs";
import { showCallout } from "./callout.mjs";
import { startCode } from "./code.mjs";
import { layouts, showFrame, showLarger } from "./frame.mjs";
import { graphOf } from "./graph.mjs";
import { showRows, startLeaves } from "./leaves.mjs";
import { askPython, startLive } from "./live.mjs";
import { showNudge, startNudging } from "./nudge.mjs";
import { pageOf, update } from "./page.mjs";
import { showNumbers } from "./picture.mjs";
import { showPlot } from "./plot.mjs";
import { showSaid } from "./said.mjs";
import { showSought } from "./sight.mjs";
import { showStep, startTour } from "./tour.mjs";
import { startZooming } from "./zooming.mjs";

/** @param {Recorded} recorded @param {Programs} programs
 *  @param {typeof import("./network.mjs").network | null} network what draws it, where Graphviz hasn't */
export function start(recorded, programs, network) {
  const layout = network ? [network.showLayout, network.showShades] : [showLarger];
  const pictures = [showAlgorithm, ...layout, showNumbers, showSought, showFrame, showStep, showCallout];
  const views = [...pictures, showRows, showNudge, showPlot, showAddress, showSaid, askPython];
  const page = pageOf(graphOf(recorded, programs), layouts(), views);
  startZooming(page);
  startBoxes(page);
  startCode(page);
  startLeaves(page);
  startNudging(page);
  network?.startChoices(page);
  startTour(page);
  startAlgorithms(page);
  startAddress(page);
  startLive(page);
  update(page);
}
