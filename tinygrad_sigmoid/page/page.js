// The page's behaviour. It knows no formula: `compute`, `asPerceptron` and `operations` were generated from the recorded
// graph and the table of rules, and what the steps say was written by the rules in Python.
(() => {
  const byId = (id) => document.getElementById(id);
  const { values, boxes, steps, forward, beginning } = JSON.parse(byId("graph-data").textContent);
  const output = values.length - 1;
  const leaves = [...values.keys()].filter((i) => !values[i].constant && !values[i].inputs.length);
  const first = { data: values.map((value) => value.data) };
  const MOST_ROWS = 40;

  let at = 0; // the step that is shown; 0 shows the numbers of both passes
  let playing = null;
  let remembering = null;
  let due = 0;
  let now; // what both passes give: each value's data, gradient and local derivatives
  let nudge; // the leaf that is moved, and what was given when that began
  moveTo(first);
  startNudge(leaves[0]);

  // The numbers of all leaves, with another for one of them if it is given.
  function numbersOf({ data }, leaf, number) {
    return leaves.map((i) => (i === leaf ? number : data[i]));
  }

  function moveTo(...given) {
    const [data, local, gradients] = compute(...numbersOf(...given));
    now = { data, local, gradients };
    update();
  }

  // -- Elements ---------------------------------------------------------------------------------------------------------

  function svg(kind, attributes, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const html = (kind, properties) => Object.assign(document.createElement(kind), properties);

  function on(element, events, action) {
    for (const name of events.split(" ")) element.addEventListener(name, action);
  }

  function write(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  // -- Figures: four significant digits, a true minus sign, and ≈ where the figures don't give what is shown ------------

  // The number in four digits. Python rounds a tie to the even digit, toExponential(3) rounds it away from 0.
  function fourDigits(number) {
    const tie = /^(-?\d\.\d\d[02468])50*(e.*)/.exec(number.toExponential(100));
    return tie ? tie[1] + tie[2] : number.toExponential(3);
  }

  function shown(number) {
    if (number === null) return "·"; // not computed yet
    if (Number.isNaN(number)) return "undefined";
    if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
    const [digits, exponent] = fourDigits(number).split("e").map(Number);
    const text = exponent < -4 || exponent > 3 ? `${digits}e${exponent}` : `${figure(number)}`;
    return text.replaceAll("-", "−");
  }

  const figure = (number) => Number(fourDigits(number));
  const signed = (number) => (number > 0 ? "+" : "") + shown(number);
  const bracketed = (text) => (text.startsWith("−") ? `(${text})` : text);

  // Whether what was computed from shown figures is the result as it is shown: `figures_give` in Python, where it is
  // explained. Each input comes with its local derivative.
  function equals(outcome, result, inputs = []) {
    const terms = [[figure(result), 1], ...inputs];
    const total = terms.reduce((sum, [number, slope]) => sum + Math.abs(number * slope), 0);
    const lost = terms.some(([number, slope]) => number && slope && Math.abs(number * slope) <= 1e-12 * total);
    return Math.abs(outcome - figure(result)) <= 1e-15 * total && !lost ? "=" : "≈";
  }

  // What is known after some of the steps; where no step is shown, what is known after all of them.
  function known(count = at || steps.length) {
    const data = values.map((value, i) => (value.inputs.length ? null : now.data[i]));
    const gradients = values.map((_, i) => (i === output && count > forward ? 1 : null));
    for (const { value, input, operand } of steps.slice(0, count))
      if (input === undefined) data[value] = now.data[value];
      else gradients[input] = (gradients[input] ?? 0) + gradients[value] * now.local[value][operand];
    return { data, gradients, local: count > forward ? now.local : null };
  }

  // -- The picture ------------------------------------------------------------------------------------------------------

  const allBoxes = () => [...document.querySelectorAll(".node[tabindex]")];
  const allEdges = () => [...document.querySelectorAll(".edge[id*='.']")]; // but for those that join closed boxes
  const useOf = (edge) => edge.id.slice(1).split(".").map(Number); // e5.1 leads to the second operand of value 5

  // A box, the values in it, the one whose numbers it shows, and its name if it is closed.
  function adoptBox(box, { values: own, shown, closed }) {
    const [i] = own;
    const leaf = !closed && leaves.includes(i);
    box.own = own;
    if (shown !== null) box.dataset.value = shown;
    box.setAttribute("tabindex", 0);
    box.setAttribute("role", leaf ? "slider" : "button");
    on(box, "pointerenter focus", () => relate(own));
    on(box, "pointerleave blur", () => relate([]));

    const act = () => {
      if (leaf) typeNumber(i);
      else if (closed) openInside(closed, own);
      else goTo(1 + steps.findIndex((step) => step.value === i));
    };
    if (leaf) makeDraggable(box, i);
    else on(box, "click", act);
    on(box, "keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // or it would press what gets the focus now
      act();
    });
  }

  function makeDraggable(box, leaf) {
    let from = null;
    on(box, "pointerdown", (event) => {
      if (event.button) return;
      begin(leaf);
      from = { x: event.clientX, number: now.data[leaf] };
      box.setPointerCapture(event.pointerId);
    });
    on(box, "pointermove", (event) => {
      if (from) moveTo(now, leaf, rounded(from.number + Math.round(event.clientX - from.x) * grain(from.number), from.number));
    });
    on(box, "pointerup pointercancel", () => (from = null));
    on(box, "keydown", (event) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      begin(leaf);
      moveTo(now, leaf, rounded(now.data[leaf] + by * grain(first.data[leaf]), first.data[leaf]));
    });
  }

  // The change that a pixel or an arrow key makes: a hundredth of the number's order of magnitude, and at least 0.01.
  const grain = (number) => 10 ** (Math.max(0, Math.floor(Math.log10(Math.abs(number) || 1))) - 2);
  // A number one arrives at by whole grains, without the dust of 0.1 + 0.2, but with the digits it began with.
  const rounded = (number, from) => Number(number.toPrecision(Math.max(12, `${from}`.length)));

  function showNumbers() {
    const { data, gradients, local } = known();
    for (const box of document.querySelectorAll("[data-value]")) {
      const i = Number(box.dataset.value);
      const texts = [...box.querySelectorAll("text")];
      const lines = [texts[0].textContent, `data ${shown(data[i])}`, `grad ${shown(gradients[i])}`];
      write(texts.at(-2), lines[1]);
      write(texts.at(-1), lines[2]);
      box.setAttribute("aria-label", lines.join(" ") + (lines[0] === values[i].name ? "" : `, ${values[i].name}`));
      if (box.getAttribute("role") === "slider") box.setAttribute("aria-valuenow", now.data[i]);
    }
    for (const edge of allEdges()) {
      const [value, operand] = useOf(edge);
      write(edge.querySelector("text"), `∂ ${shown(local && local[value][operand])}`);
    }
    const bad = now.data.findIndex((number) => !Number.isFinite(number));
    write(byId("trouble"), bad < 0 ? "" : `${values[bad].name} is ${shown(now.data[bad])} here: change a leaf to leave this place.`);
  }

  // Gives a class to the boxes with any of these values in them and to the edges that are meant; all others lose it.
  function highlight(name, some, meant = () => false) {
    for (const box of allBoxes()) box.classList.toggle(name, box.own.some((i) => some.has(i)));
    for (const edge of allEdges()) edge.classList.toggle(name, meant(...useOf(edge)));
  }

  // Shows all that these values depend on, and all that depends on them.
  function relate(own) {
    const self = new Set(own);
    const [up, down] = [new Set(own), new Set(own)];
    for (const i of up) for (const input of values[i].inputs) up.add(input);
    values.forEach(({ inputs }, i) => inputs.some((input) => down.has(input)) && down.add(i));
    highlight("self", self);
    highlight("up", up.difference(self), (value) => up.has(value));
    highlight("down", down.difference(self), (value, operand) => down.has(values[value].inputs[operand]));
    document.body.classList.toggle("related", own.length > 0);
  }

  // -- Closed boxes, which open below the picture -----------------------------------------------------------------------

  // What is in a box, and what comes into it from outside, in columns: each value just to the left of all that uses it.
  function columnsOf(inside) {
    const depth = new Map(inside.map((i) => [i, 0]));
    for (const i of inside.toReversed())
      for (const input of values[i].inputs)
        if (!values[input].constant) depth.set(input, Math.max(depth.get(input) ?? 0, depth.get(i) + 1));
    const members = [...depth.keys()].sort((a, b) => a - b);
    return Object.values(Object.groupBy(members, (i) => depth.get(i))).reverse();
  }

  function openInside(name, inside) {
    const columns = columnsOf(inside);
    const height = 62 * Math.max(...columns.map((members) => members.length));
    const where = new Map();
    columns.forEach((members, c) =>
      members.forEach((i, r) => where.set(i, [10 + 270 * c, height / 2 + 62 * (r - members.length / 2) + 7])),
    );
    const size = { width: 270 * columns.length, height };
    const picture = svg("svg", { class: "graph", role: "group", "aria-label": `The inside of ${name}`, ...size });
    for (const i of inside)
      values[i].inputs.forEach((input, operand) => {
        if (where.has(input)) picture.append(edgeBetween(where.get(input), where.get(i), `e${i}.${operand}`));
      });
    for (const [i, place] of where) {
      const box = boxAt(place, i);
      picture.append(box);
      adoptBox(box, { values: [i], shown: i });
    }
    write(byId("inside-name"), name);
    byId("inside-canvas").replaceChildren(picture);
    byId("inside").show();
    byId("inside-close").focus();
    update();
  }

  function boxAt([x, y], i) {
    const leaf = leaves.includes(i);
    const kind = leaf ? "leaf" : i === output ? "output" : "computed";
    const lines = [values[i].name, "", ""].map((line, row) => svg("text", { x: x + 85, y: y + 15 + 13 * row }, line));
    return svg("g", { class: `node ${kind}` }, svg("rect", { x, y, width: 170, height: 48, rx: leaf ? 0 : 7 }), ...lines);
  }

  function edgeBetween([fromX, fromY], [toX, toY], id) {
    const [x1, y1, x2, y2] = [fromX + 170, fromY + 24, toX, toY + 24];
    const line = svg("path", { d: `M${x1},${y1}L${x2},${y2}` });
    const local = svg("text", { x: x1 + 50, y: y1 + ((y2 - y1) * 50) / (x2 - x1) - 3 });
    return svg("g", { class: "edge", id }, line, local);
  }

  on(byId("inside-close"), "click", () => byId("inside").close());

  // -- Steps ------------------------------------------------------------------------------------------------------------

  function goTo(step) {
    at = Math.min(Math.max(step, 0), steps.length);
    remembering ??= setTimeout(rememberStep, 350);
    update();
  }

  // The step in the address, which browsers allow to change only so often; a notebook's frame has none.
  function rememberStep() {
    remembering = null;
    if (location.protocol !== "about:") history.replaceState(null, "", `#${at}`);
  }

  function showStep() {
    byId("at").value = at;
    byId("at").setAttribute("aria-valuetext", at ? `step ${at} of ${steps.length}` : "all numbers");
    byId("first").disabled = at === 1;
    byId("back").disabled = at === 0;
    byId("on").disabled = byId("last").disabled = at === steps.length;
    const step = steps[at - 1];
    told(step).forEach((line, i) => write(byId("step").children[i], line));
    // Forward, all operands lead to the value; backward, the value passes its gradient on to one of them.
    const inputs = step ? values[step.value].inputs : [];
    const operands = at > forward ? [step.operand] : [...inputs.keys()];
    const ends = [new Set(step && [step.value]), new Set(operands.map((operand) => inputs[operand]))];
    const [from, to] = at > forward ? ends : ends.toReversed();
    highlight("active", from, (value, operand) => value === step?.value && operands.includes(operand));
    highlight("target", to);
    for (const value of step ? [step.value, step.input ?? step.value] : []) scrollTo(allBoxes().find((box) => box.own.includes(value)));
  }

  // Brings what a step is about into sight, within the picture's own frame.
  function scrollTo(box) {
    const canvas = byId("canvas");
    const [frame, place] = [canvas, box].map((element) => element.getBoundingClientRect());
    const missing = (low, high, from, to) => Math.min(0, low - from - 20) || Math.max(0, high - to + 20);
    canvas.scrollLeft += missing(place.left, place.right, frame.left, frame.right);
    canvas.scrollTop += missing(place.top, place.bottom, frame.top, frame.bottom);
  }

  // The four lines that are said about a step, or about all of them.
  function told(step) {
    if (!step) return [`${steps.length} steps`, `${forward} forward, ${steps.length - forward} back. All numbers are shown.`, "", ""];
    const pass = at <= forward ? "forward" : at === forward + 1 ? `backward, from ${beginning}` : "backward";
    return [`Step ${at} of ${steps.length}, ${pass}`, step.sentence, ...(at > forward ? passed(step) : made(step))];
  }

  function made(step) {
    const { name, inputs, operation, pattern } = values[step.value];
    const result = now.data[step.value];
    const figures = pattern.map((part) => {
      if (typeof part === "string") return part;
      const text = shown(now.data[inputs[part.input]]);
      return part.brackets ? bracketed(text) : text;
    });
    const changeable = inputs.filter((input) => !values[input].constant);
    const outcome = operations[operation]?.(...changeable.map((input) => figure(now.data[input])))[0];
    const equal = equals(outcome, result, inputs.map((input, operand) => [now.data[input], now.local[step.value][operand]]));
    return [step.formula === name ? name : `${name} = ${step.formula}`, `= ${figures.join("")} ${equal} ${shown(result)}`];
  }

  function passed(step) {
    const before = known(at - 1).gradients[step.input];
    const { gradients } = known(at);
    const [upstream, local, after] = [gradients[step.value], now.local[step.value][step.operand], gradients[step.input]];
    const formula = step.formula === shown(local) ? "=" : `= ${step.formula} ${equals(local, local)}`;
    const sum = before === null ? shown(upstream) : `${shown(before)} + ${bracketed(shown(upstream))}`;
    const total = figure(before ?? 0) + figure(upstream) * figure(local);
    const equal = equals(total, after, [[before ?? 0, 1], [upstream, local]]);
    return [
      `${step.derivative} ${formula} ${shown(local)}`,
      `gradient of ${values[step.input].name} = ${sum}·${bracketed(shown(local))} ${equal} ${shown(after)}`,
    ];
  }

  function play(start) {
    clearInterval(playing);
    playing = null;
    if (start) {
      if (at === steps.length) goTo(0);
      playing = setInterval(() => (at === steps.length ? play(false) : goTo(at + 1)), 1400);
    }
    byId("play").setAttribute("aria-pressed", start);
  }

  // For each button its key, and the step that it goes to.
  const buttons = {
    first: ["Home", () => 1],
    back: ["ArrowLeft", () => at - 1],
    on: ["ArrowRight", () => at + 1],
    last: ["End", () => steps.length],
    backward: ["b", () => forward + 1],
    leave: ["Escape", () => 0],
  };
  const keys = { " ": "play" };
  on(byId("play"), "click", () => play(playing === null));
  for (const [id, [key, step]] of Object.entries(buttons)) {
    keys[key] = id;
    on(byId(id), "click", () => {
      play(false);
      goTo(step());
    });
  }
  on(document, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    if (event.target.matches("input, #canvas, #inside-canvas, #rows")) return; // which have a use for these keys
    if (event.key === " " && event.target.closest("button, a")) return;
    event.preventDefault();
    byId(keys[event.key]).click();
  });
  byId("at").max = steps.length;
  on(byId("at"), "input", () => goTo(Number(byId("at").value)));

  function fromAddress() {
    if (/^#\d+$/.test(location.hash)) goTo(Number(location.hash.slice(1)));
  }
  on(window, "hashchange", fromAddress);

  // -- Leaves -----------------------------------------------------------------------------------------------------------

  function list(wanted = []) {
    const search = byId("find").value.trim().toLowerCase();
    const matching = leaves.filter((leaf) => values[leaf].name.toLowerCase().includes(search));
    const listed = [...wanted, ...matching.slice(0, MOST_ROWS)];
    byId("rows").replaceChildren(...listed.map(row));
    const unlisted = leaves.length - listed.length;
    write(byId("unlisted"), unlisted ? `${unlisted} more: type a part of a name above.` : "");
    showRows();
  }

  function typeNumber(leaf) {
    if (!byId(`exact-${leaf}`)) list([leaf]);
    byId(`exact-${leaf}`).focus();
  }

  function row(leaf) {
    const { name } = values[leaf];
    const label = html("label", { textContent: name, htmlFor: `slide-${leaf}`, title: name });
    const slider = html("input", { type: "range", id: `slide-${leaf}`, step: grain(first.data[leaf]) });
    const exact = html("input", { type: "number", id: `exact-${leaf}`, step: "any", ariaLabel: `${name}, typed` });
    const gradient = html("output", { htmlFor: exact.id });
    on(slider, "pointerdown focus", () => begin(leaf));
    on(exact, "focus", () => begin(leaf));
    on(exact, "blur", update);
    for (const field of [slider, exact]) on(field, "input", () => Number.isFinite(field.valueAsNumber) && moveTo(now, leaf, field.valueAsNumber));
    const element = html("div", { className: "row", leaf, slider, exact, gradient });
    element.append(label, gradient, slider, exact);
    return element;
  }

  function range(leaf) {
    const [start, number] = [first.data[leaf], now.data[leaf]];
    const reach = 400 * grain(start);
    return [Math.min(start - reach, number), Math.max(start + reach, number)];
  }

  function showRows() {
    const { gradients } = known();
    for (const { leaf, slider, exact, gradient, classList } of byId("rows").children) {
      const number = now.data[leaf];
      [slider.min, slider.max] = range(leaf);
      if (Number(slider.value) !== number) slider.value = number;
      if (exact.valueAsNumber !== number && document.activeElement !== exact) exact.value = number;
      write(gradient, `grad ${shown(gradients[leaf])}`);
      classList.toggle("nudged", leaf === nudge.leaf);
    }
  }

  byId("find").hidden = leaves.length <= MOST_ROWS;
  on(byId("find"), "input", () => list());
  on(byId("reset"), "click", () => {
    moveTo(first);
    startNudge(nudge.leaf);
  });

  // -- Nudge ------------------------------------------------------------------------------------------------------------

  function startNudge(leaf) {
    nudge = { leaf, start: now };
    update();
  }

  // A nudge goes on while the same leaf is moved and no other has been.
  function begin(leaf) {
    if (leaf !== nudge.leaf || leaves.some((i) => i !== leaf && now.data[i] !== nudge.start.data[i])) startNudge(leaf);
  }

  on(byId("anew"), "click", () => startNudge(nudge.leaf));

  function showNudge() {
    const { leaf, start } = nudge;
    const { name } = values[leaf];
    const [from, to] = [start.data[leaf], now.data[leaf]];
    const predicted = start.gradients[leaf] * (to - from);
    const actual = now.data[output] - start.data[output];
    const invitation = `Drag ${name}, or another leaf: what do the gradients predict, and what happens?`;
    const told = {
      "nudge-sentence": from === to ? invitation : `${name} went from ${shown(from)} to ${shown(to)}.`,
      "said-change": `change of ${name}`,
      change: signed(to - from),
      gradient: shown(start.gradients[leaf]),
      predicted: signed(predicted),
      actual: signed(actual),
      remainder: signed(actual - predicted),
    };
    byId("row-perceptron").hidden = byId("key-perceptron").hidden = !asPerceptron;
    if (asPerceptron) {
      const [before, after] = [start, now].map((state) => asPerceptron(...numbersOf(state))[0]);
      told.perceptron = `${after === before ? "none" : signed(after - before)} (${shown(before)} → ${shown(after)})`;
    }
    for (const [id, text] of Object.entries(told)) write(byId(id), text);
    plot(name, predicted);
  }

  // The output along a leaf, all others as they were when the nudge began: it stays the same while the leaf is dragged.
  function curves(low, high) {
    const { leaf, start, curves: known } = nudge;
    if (known?.low === low && known.high === high) return known;
    const xs = Array.from({ length: 121 }, (_, i) => low + ((high - low) * i) / 120);
    const points = xs.map((x) => numbersOf(start, leaf, x));
    const curve = points.map((numbers) => compute(...numbers)[0][output]);
    const step = asPerceptron ? points.map((numbers) => asPerceptron(...numbers)[0]) : [];
    return (nudge.curves = { low, high, xs, curve, step });
  }

  function plot(name, predicted) {
    const { leaf, start } = nudge;
    const [from, before] = [start.data[leaf], start.data[output]];
    const [low, high] = range(leaf);
    const { xs, curve, step } = curves(low, high);
    const heights = [...curve, ...step, now.data[output]].filter(Number.isFinite);
    const [least, most] = [Math.min(...heights), Math.max(...heights)];
    const margin = (most - least || 1) * 0.08;
    const [bottom, top] = [least - margin, most + margin];
    const px = (x) => 70 + (280 * (x - low)) / (high - low);
    const py = (y) => 188 - (178 * (y - bottom)) / (top - bottom);
    const visible = (y) => y >= bottom && y <= top; // nan is not
    const point = (y, i, ys) => (visible(y) ? `${visible(ys[i - 1]) ? "L" : "M"}${px(xs[i]).toFixed(1)},${py(y).toFixed(1)}` : "");
    const path = (ys) => ys.map(point).join("");
    const parts = [
      svg("path", { class: "perceptron", d: path(step) }),
      svg("path", { class: "curve", d: path(curve) }),
      svg("path", { class: "tangent", d: path(xs.map((x) => before + start.gradients[leaf] * (x - from))) }),
    ];
    if (Number.isFinite(py(before))) parts.push(svg("circle", { cx: px(from), cy: py(before), r: 5.5 }));
    const [x, y] = [px(now.data[leaf]) - 4.5, py(now.data[output]) - 4.5];
    if (Number.isFinite(y)) parts.push(svg("rect", { x, y, width: 9, height: 9 }));
    byId("curves").replaceChildren(...parts);
    const tick = (x, y, anchor, text) => svg("text", { x, y, "text-anchor": anchor }, text);
    byId("ticks").replaceChildren(
      tick(70, 203, "start", shown(low)),
      tick(350, 203, "end", shown(high)),
      tick(210, 216, "middle", name),
      tick(66, 20, "end", shown(top)),
      tick(66, 188, "end", shown(bottom)),
    );
    byId("plot").setAttribute(
      "aria-label",
      `The output against ${name}, from ${shown(low)} to ${shown(high)}; the tangent predicts ${shown(before + predicted)}, the output is ${shown(now.data[output])}`,
    );
  }

  // -- Together ---------------------------------------------------------------------------------------------------------

  function update() {
    due ||= requestAnimationFrame(() => {
      due = 0;
      showNumbers();
      showStep();
      showRows();
      showNudge();
    });
  }

  // A telephone shows no scroll bar until something is scrolled.
  new ResizeObserver(([{ target }]) => (byId("wide").hidden = target.scrollWidth <= target.clientWidth)).observe(byId("canvas"));

  for (const box of boxes) adoptBox(byId(box.id), box);
  list();
  fromAddress();
})();
