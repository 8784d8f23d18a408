// The page is put together: its state from the recorded graph, its views, and what each of its parts listens to.

import { startBoxes } from "./boxes.mjs";
import { byId } from "./elements.mjs";
import { graphOf } from "./graph.mjs";
import { showRows, startLeaves } from "./leaves.mjs";
import { showNudge, startNudging } from "./nudge.mjs";
import { pageOf, update } from "./page.mjs";
import { showNumbers } from "./picture.mjs";
import { showPlot } from "./plot.mjs";
import { showStep, startTour } from "./tour.mjs";

/** @param {import("./graph.mjs").Recorded} recorded @param {import("./graph.mjs").Programs} programs */
export function start(recorded, programs) {
  const page = pageOf(graphOf(recorded, programs), [showNumbers, showStep, showRows, showNudge, showPlot]);
  startBoxes(page);
  startLeaves(page);
  startNudging(page);
  startTour(page);
  update(page);

  // A telephone shows no scroll bar until something is scrolled.
  const canvas = byId("canvas");
  new ResizeObserver(() => (byId("wide").hidden = canvas.scrollWidth <= canvas.clientWidth)).observe(canvas);
}
