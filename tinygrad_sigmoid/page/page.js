// The page's behaviour. It knows no formula: `compute` and `asPerceptron` were generated from the recorded graph and give
// every number of both passes for the leaves' numbers; what the steps say was written by the rules in Python.
(() => {
  const byId = (id) => document.getElementById(id);
  const { values, leaves, steps, forward, output, beginning } = JSON.parse(byId("graph-data").textContent);
  const first = leaves.map((leaf) => values[leaf].data);
  const SVG = "http://www.w3.org/2000/svg";
  const MOST_ROWS = 40;

  let numbers = [...first]; // of the leaves
  let now = computed(numbers);
  let at = 0; // the step that is shown; 0 shows the numbers of both passes
  let nudge = begun(0);
  let playing = null;
  let due = false;

  function computed(given) {
    const [data, local, gradients] = compute(...given);
    return { data, local, gradients };
  }

  // -- Figures: four significant digits, a true minus sign, and ≈ where the figures don't give what is shown ------------

  function shown(number) {
    if (Number.isNaN(number)) return "undefined";
    if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
    const [digits, exponent] = number.toExponential(3).split("e");
    const text = exponent < -4 || exponent > 3 ? `${Number(digits)}e${Number(exponent)}` : `${Number(number.toPrecision(4))}`;
    return (number === 0 ? "0" : text).replaceAll("-", "−");
  }
  const signed = (number) => (number > 0 ? "+" : "") + shown(number);
  const bracketed = (text) => (text.startsWith("−") ? `(${text})` : text);
  const unrounded = (number) => Number(number.toPrecision(4)) === number;
  const equals = (exact) => (exact ? "=" : "≈");

  // A shown figure as [digits, exponent], so that products and sums of figures are exact.
  function figure(number) {
    if (!Number.isFinite(number)) return null;
    const [digits, exponent] = number.toExponential(3).split("e");
    return [BigInt(digits.replace(".", "")), Number(exponent) - 3];
  }
  function sameFigures(before, upstream, local, after) {
    const [b, u, l, a] = [before, upstream, local, after].map(figure);
    if (!b || !u || !l || !a) return false;
    const terms = [b, [u[0] * l[0], u[1] + l[1]], [-a[0], a[1]]];
    const least = Math.min(...terms.map(([, exponent]) => exponent));
    if (terms.some(([digits, exponent]) => digits && exponent - least > 2000)) return false;
    return terms.reduce((sum, [digits, exponent]) => sum + digits * 10n ** BigInt(exponent - least), 0n) === 0n;
  }

  // -- What is known at a step: all of it at step 0, and else what the steps so far have computed -----------------------

  function known() {
    if (at === 0) return now;
    const data = values.map((value, i) => (value.inputs.length ? null : now.data[i]));
    const gradients = values.map(() => null);
    for (const step of steps.slice(0, Math.min(at, forward))) data[step.value] = now.data[step.value];
    if (at > forward) gradients[output] = 1;
    for (const step of steps.slice(forward, Math.max(at, forward))) {
      const contribution = gradients[step.value] * now.local[step.value][step.operand];
      gradients[step.input] = gradients[step.input] === null ? contribution : gradients[step.input] + contribution;
    }
    return { data, gradients, local: at > forward ? now.local : null };
  }

  // -- The picture ------------------------------------------------------------------------------------------------------

  const boxes = values.map(() => []); // the elements that show each value: in the picture, and inside an opened box
  const holders = values.map(() => []); // the closed box that each value is in, if it is in one
  const edges = new Map(); // "5.1", the second operand of value 5 → elements
  const shownAs = (value) => [...boxes[value], ...holders[value]];

  function adopt(picture) {
    for (const box of picture.querySelectorAll(".box[data-value]")) {
      box.texts = { data: box.querySelector(".data"), grad: box.querySelector(".grad") };
      box.heading = box.querySelector(".heading")?.textContent ?? "";
      boxes[box.dataset.value].push(box);
      if (!box.dataset.inside) makeRelating(box, [Number(box.dataset.value)]);
      if (box.getAttribute("role") === "slider") makeDraggable(box, leaves.indexOf(Number(box.dataset.value)));
      else if (!box.dataset.inside) {
        const step = 1 + steps.findIndex((step) => step.value === Number(box.dataset.value));
        makeButton(box, () => goTo(step));
      }
    }
    for (const box of picture.querySelectorAll(".box[data-inside]")) {
      const inside = box.dataset.inside.split(" ").map(Number);
      for (const value of inside) holders[value].push(box);
      makeRelating(box, inside);
      makeButton(box, () => openInside(box.dataset.name, inside));
    }
    for (const edge of picture.querySelectorAll(".edge[data-edge]")) {
      edge.number = edge.querySelector("text");
      edges.set(edge.dataset.edge, [...(edges.get(edge.dataset.edge) ?? []), edge]);
    }
  }

  function makeRelating(box, own) {
    for (const begins of ["pointerenter", "focus"]) box.addEventListener(begins, () => relate(own));
    for (const ends of ["pointerleave", "blur"]) box.addEventListener(ends, () => relate([]));
  }

  function makeButton(box, act) {
    box.addEventListener("click", act);
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      act();
    });
  }

  function makeDraggable(box, leaf) {
    let from = null;
    box.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      begin(leaf);
      from = { x: event.clientX, number: numbers[leaf] };
      box.setPointerCapture(event.pointerId);
    });
    box.addEventListener("pointermove", (event) => {
      if (from) set(leaf, rounded(from.number + Math.round(event.clientX - from.x) * grain(from.number), from.number));
    });
    for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => (from = null));
    box.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (by) {
        if (nudge.leaf !== leaf) begin(leaf);
        set(leaf, rounded(numbers[leaf] + by * grain(first[leaf]), first[leaf]));
      } else if (event.key === "Enter") {
        list(leaf);
        byId(`exact-${leaf}`).focus();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  // The change that a pixel or an arrow key makes: a hundredth of the number's order of magnitude, and at least 0.01.
  const grain = (number) => 10 ** (Math.max(0, Math.floor(Math.log10(Math.abs(number) || 1))) - 2);
  // A number one arrives at by whole grains, without the dust of 0.1 + 0.2, but with the digits it began with.
  const rounded = (number, from) => Number(number.toPrecision(Math.max(12, `${from}`.length)));

  function write(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  function showNumbers() {
    const { data, gradients, local } = known();
    values.forEach((value, i) => {
      if (value.constant) return;
      const [number, gradient] = [data[i], gradients[i]].map((n) => (n === null ? "·" : shown(n)));
      for (const box of boxes[i]) {
        write(box.texts.data, `data ${number}`);
        write(box.texts.grad, `grad ${gradient}`);
        if (!box.hasAttribute("tabindex")) continue;
        const said = `${box.heading} data ${number} grad ${gradient}`;
        box.setAttribute("aria-label", box.heading === value.name ? said : `${said}, ${value.name}`);
        if (box.getAttribute("role") === "slider") box.setAttribute("aria-valuenow", now.data[i]);
      }
      value.inputs.forEach((input, operand) => {
        if (values[input].constant) return;
        for (const edge of edges.get(`${i}.${operand}`) ?? [])
          write(edge.number, `∂ ${local ? shown(local[i][operand]) : "·"}`);
      });
    });
    const bad = now.data.findIndex((number) => !Number.isFinite(number));
    write(byId("trouble"), bad < 0 ? "" : `${values[bad].name} is ${shown(now.data[bad])} here: change a leaf to leave this place.`);
  }

  // Everything that a value depends on, or that depends on it.
  const users = values.map(() => []);
  values.forEach((value, i) => value.inputs.forEach((input, operand) => users[input].push([i, operand])));
  const above = (i) => values[i].inputs.map((input, operand) => [input, `${i}.${operand}`]);
  const below = (i) => users[i].map(([user, operand]) => [user, `${user}.${operand}`]);

  function reach(own, next, name) {
    const found = new Set(own);
    for (const i of found)
      for (const [other, edge] of next(i)) {
        found.add(other);
        mark([...shownAs(other), ...(edges.get(edge) ?? [])], name);
      }
  }

  function relate(own) {
    for (const element of document.querySelectorAll(".graph :is(.self, .up, .down)")) element.classList.remove("self", "up", "down");
    document.body.classList.toggle("related", own.length > 0);
    mark(own.flatMap(shownAs), "self");
    reach(own, above, "up");
    reach(own, below, "down");
  }

  // -- Closed boxes, which open below the picture -----------------------------------------------------------------------

  // What is in a box, and what comes into it from outside, in columns: each value to the right of all it depends on.
  function openInside(name, inside) {
    const within = new Set(inside);
    const coming = new Set(inside.flatMap((i) => values[i].inputs.filter((input) => !within.has(input) && !values[input].constant)));
    const column = new Map();
    for (const i of inside) {
      const ahead = values[i].inputs.filter((input) => within.has(input) || coming.has(input));
      if (ahead.length) column.set(i, 1 + Math.max(...ahead.map((input) => column.get(input) ?? 0)));
    }
    const columns = [];
    for (const i of [...coming, ...inside].sort((a, b) => a - b)) {
      // What begins here stands just before its first use.
      const place = column.get(i) ?? Math.min(...users[i].map(([user]) => column.get(user) ?? Infinity)) - 1;
      (columns[place] ??= []).push(i);
    }
    const height = 62 * Math.max(...columns.map((members) => members.length));
    const where = new Map();
    columns.forEach((members, c) =>
      members.forEach((i, r) => where.set(i, [10 + 270 * c, height / 2 + 62 * (r - members.length / 2) + 7])),
    );
    const svg = drawn("svg", { class: "graph", role: "group", "aria-label": `The inside of ${name}` });
    for (const [attribute, size] of [["width", 270 * columns.length], ["height", height]]) svg.setAttribute(attribute, size);
    for (const i of inside)
      values[i].inputs.forEach((input, operand) => {
        if (where.has(input)) svg.append(edgeBetween(where.get(input), where.get(i), `${i}.${operand}`));
      });
    for (const [i, place] of where) svg.append(boxAt(place, i));
    write(byId("inside-name"), name);
    byId("inside-canvas").replaceChildren(svg);
    byId("inside").hidden = false;
    forget();
    adopt(svg);
    byId("inside-close").focus();
    update();
  }

  function boxAt([x, y], i) {
    const leaf = leaves.includes(i);
    const kind = leaf ? "leaf" : i === output ? "output" : "computed";
    const box = drawn("g", { class: `box ${kind}`, "data-value": i, tabindex: 0, role: leaf ? "slider" : "button" });
    box.append(drawn("rect", { x, y, width: 170, height: 48, rx: leaf ? 0 : 7 }));
    ["heading", "data", "grad"].forEach((line, row) => box.append(drawn("text", { class: line, x: x + 85, y: y + 15 + 13 * row }), "\n"));
    box.querySelector("text").textContent = values[i].name;
    return box;
  }

  function edgeBetween([fromX, fromY], [toX, toY], use) {
    const [x1, y1, x2, y2] = [fromX + 170, fromY + 24, toX, toY + 24];
    const edge = drawn("g", { class: "edge", "data-edge": use });
    edge.append(drawn("path", { d: `M${x1},${y1}L${x2},${y2}` }), drawn("text", { x: x1 + 50, y: y1 + ((y2 - y1) * 50) / (x2 - x1) - 3 }));
    return edge;
  }

  // Elements that are no longer on the page need no numbers.
  function forget() {
    for (const elements of [...boxes, ...edges.values()]) elements.splice(0, Infinity, ...elements.filter((element) => element.isConnected));
  }

  byId("inside-close").addEventListener("click", () => {
    byId("inside-canvas").replaceChildren();
    byId("inside").hidden = true;
    forget();
    byId("canvas").focus();
  });

  // -- Steps ------------------------------------------------------------------------------------------------------------

  function goTo(step, remember = true) {
    at = Math.min(Math.max(step, 0), steps.length);
    if (remember) rememberStep();
    update();
  }

  // The step in the address, which browsers allow to change only so often.
  const remembered = { timer: null, at: -Infinity };
  function rememberStep() {
    clearTimeout(remembered.timer);
    const write = () => {
      remembered.at = performance.now();
      try {
        history.replaceState(null, "", `#${at}`);
      } catch {
        // A notebook's frame has no address to change.
      }
    };
    remembered.timer = setTimeout(write, Math.max(0, remembered.at + 350 - performance.now()));
  }

  function showStep() {
    for (const element of document.querySelectorAll(".active, .target")) element.classList.remove("active", "target");
    byId("at").value = at;
    byId("at").setAttribute("aria-valuetext", at ? `step ${at} of ${steps.length}` : "all numbers");
    byId("first").disabled = byId("back").disabled = at === 0;
    byId("on").disabled = byId("last").disabled = at === steps.length;
    const step = steps[at - 1];
    const lines = step ? told(step) : [`${steps.length} steps`, `${forward} forward, ${steps.length - forward} back. All numbers are shown.`];
    ["step-heading", "step-sentence", "step-local", "step-sum"].forEach((id, i) => write(byId(id), lines[i] ?? ""));
    if (!step) return;
    mark(shownAs(step.value), step.operand === undefined ? "target" : "active");
    if (step.operand === undefined) {
      values[step.value].inputs.forEach((input, operand) => {
        mark(shownAs(input), "active");
        mark(edges.get(`${step.value}.${operand}`), "active");
      });
    } else {
      mark(shownAs(step.input), "target");
      mark(edges.get(`${step.value}.${step.operand}`), "active");
    }
    for (const value of [step.value, step.input ?? step.value]) if (shownAs(value).length) scrollTo(shownAs(value)[0]);
  }

  // Brings what a step is about into sight, within the picture's own frame.
  function scrollTo(box) {
    const canvas = byId("canvas");
    const [frame, place] = [canvas, box].map((element) => element.getBoundingClientRect());
    const missing = (low, high, from, to) => Math.min(0, low - from - 20) || Math.max(0, high - to + 20);
    canvas.scrollLeft += missing(place.left, place.right, frame.left, frame.right);
    canvas.scrollTop += missing(place.top, place.bottom, frame.top, frame.bottom);
  }

  const mark = (elements, name) => elements?.forEach((element) => element.classList.add(name));

  function told(step) {
    const backward = step.operand !== undefined;
    const heading = `Step ${at} of ${steps.length}, ${backward ? "backward" : "forward"}`;
    return [at === forward + 1 ? `${heading}, from ${beginning}` : heading, step.sentence, ...(backward ? passed(step) : made(step))];
  }

  function made(step) {
    const { name, inputs } = values[step.value];
    const result = now.data[step.value];
    const figures = step.pattern.map((part) => {
      if (typeof part === "string") return part;
      const text = shown(now.data[inputs[part.input]]);
      return part.brackets ? bracketed(text) : text;
    });
    const exact = unrounded(result) && inputs.every((input) => unrounded(now.data[input]));
    const named = step.formula === name ? name : `${name} = ${step.formula}`;
    return [named, `= ${figures.join("")} ${equals(exact)} ${shown(result)}`];
  }

  function passed(step) {
    const gradients = values.map(() => null);
    gradients[output] = 1;
    let before = null;
    for (const earlier of steps.slice(forward, at)) {
      before = gradients[earlier.input];
      gradients[earlier.input] = (before ?? 0) + gradients[earlier.value] * now.local[earlier.value][earlier.operand];
    }
    const [upstream, local, after] = [gradients[step.value], now.local[step.value][step.operand], gradients[step.input]];
    const formula = step.formula === shown(local) ? "" : ` = ${step.formula}`;
    const sum = before === null ? shown(upstream) : `${shown(before)} + ${bracketed(shown(upstream))}`;
    const exact = sameFigures(before ?? 0, upstream, local, after);
    return [
      `${step.derivative}${formula} ${equals(!formula || unrounded(local))} ${shown(local)}`,
      `gradient of ${values[step.input].name} = ${sum}·${bracketed(shown(local))} ${equals(exact)} ${shown(after)}`,
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

  const goes = {
    first: () => goTo(1),
    back: () => goTo(at - 1),
    on: () => goTo(at + 1),
    last: () => goTo(steps.length),
    backward: () => goTo(forward + 1),
    leave: () => goTo(0),
  };
  for (const [id, go] of Object.entries(goes))
    byId(id).addEventListener("click", () => {
      play(false);
      go();
    });
  byId("play").addEventListener("click", () => play(playing === null));
  byId("at").max = steps.length;
  byId("at").addEventListener("input", () => goTo(Number(byId("at").value)));

  const keys = { ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last", b: "backward", Escape: "leave", " ": "play" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    if (event.target.matches("input, #canvas, #inside-canvas, #rows")) return; // which have a use for these keys
    if (event.key === " " && event.target.closest("button, a")) return;
    event.preventDefault();
    if (keys[event.key] === "play") play(playing === null);
    else {
      play(false);
      goes[keys[event.key]]();
    }
  });

  function fromAddress() {
    const step = /^#(\d+)$/.exec(location.hash);
    if (step) goTo(Number(step[1]), false);
  }
  window.addEventListener("hashchange", fromAddress);

  // -- Leaves -----------------------------------------------------------------------------------------------------------

  function list(wanted) {
    const search = byId("find").value.trim().toLowerCase();
    const matching = leaves.flatMap((leaf, i) => (values[leaf].name.toLowerCase().includes(search) ? [i] : []));
    const listed = matching.slice(0, MOST_ROWS);
    if (wanted !== undefined && !listed.includes(wanted)) listed.unshift(wanted);
    byId("rows").replaceChildren(...listed.map(row));
    const unlisted = leaves.length - listed.length;
    write(byId("unlisted"), unlisted ? `${unlisted} more: type a part of a name above.` : "");
    showRows();
  }

  function row(leaf) {
    const name = values[leaves[leaf]].name;
    const element = Object.assign(document.createElement("div"), { className: "row" });
    const label = Object.assign(document.createElement("label"), { textContent: name, htmlFor: `slide-${leaf}`, title: name });
    const slider = Object.assign(document.createElement("input"), { type: "range", id: `slide-${leaf}` });
    const exact = Object.assign(document.createElement("input"), { type: "number", id: `exact-${leaf}`, step: "any" });
    exact.setAttribute("aria-label", `${name}, typed`);
    const [low, high] = range(leaf);
    Object.assign(slider, { min: low, max: high, step: grain(first[leaf]) });
    const gradient = document.createElement("output");
    gradient.htmlFor = exact.id;
    for (const begins of ["pointerdown", "focus"]) slider.addEventListener(begins, () => begin(leaf));
    exact.addEventListener("focus", () => begin(leaf));
    exact.addEventListener("blur", update);
    slider.addEventListener("input", () => set(leaf, Number(slider.value)));
    exact.addEventListener("input", () => Number.isFinite(exact.valueAsNumber) && set(leaf, exact.valueAsNumber));
    Object.assign(element, { leaf, slider, exact, gradient });
    element.append(label, gradient, slider, exact);
    return element;
  }

  function range(leaf) {
    const reach = 400 * grain(first[leaf]);
    return [Math.min(first[leaf] - reach, numbers[leaf]), Math.max(first[leaf] + reach, numbers[leaf])];
  }

  function showRows() {
    const { gradients } = known();
    for (const { leaf, slider, exact, gradient, classList } of byId("rows").children) {
      const number = numbers[leaf];
      [slider.min, slider.max] = range(leaf);
      if (Number(slider.value) !== number) slider.value = number;
      if (exact.valueAsNumber !== number && document.activeElement !== exact) exact.value = number;
      const slope = gradients[leaves[leaf]];
      write(gradient, `grad ${slope === null ? "·" : shown(slope)}`);
      classList.toggle("nudged", leaf === nudge.leaf);
    }
  }

  function set(leaf, number) {
    numbers[leaf] = number;
    now = computed(numbers);
    update();
  }

  byId("find").hidden = leaves.length <= MOST_ROWS;
  byId("find").addEventListener("input", () => list());
  byId("reset").addEventListener("click", () => {
    numbers = [...first];
    now = computed(numbers);
    nudge = begun(nudge.leaf);
    update();
  });

  // -- Nudge ------------------------------------------------------------------------------------------------------------

  function begun(leaf) {
    return {
      leaf,
      from: [...numbers],
      before: now.data[output],
      slope: now.gradients[leaves[leaf]],
      perceptron: asPerceptron && asPerceptron(...numbers)[0],
    };
  }

  function begin(leaf) {
    if (leaf === nudge.leaf && numbers.every((number, i) => i === leaf || number === nudge.from[i])) return;
    nudge = begun(leaf);
    update();
  }

  byId("anew").addEventListener("click", () => {
    nudge = begun(nudge.leaf);
    update();
  });

  function showNudge() {
    const { leaf, from, before, slope, perceptron } = nudge;
    const name = values[leaves[leaf]].name;
    const change = numbers[leaf] - from[leaf];
    const [predicted, actual] = [slope * change, now.data[output] - before];
    write(
      byId("nudge-sentence"),
      change ? `${name} went from ${shown(from[leaf])} to ${shown(numbers[leaf])}.` : `Drag ${name}, or another leaf: what do the gradients predict, and what happens?`,
    );
    write(byId("said-change"), `change of ${name}`);
    write(byId("change"), signed(change));
    write(byId("gradient"), shown(slope));
    write(byId("predicted"), signed(predicted));
    write(byId("actual"), signed(actual));
    write(byId("remainder"), signed(actual - predicted));
    byId("row-perceptron").hidden = byId("key-perceptron").hidden = !asPerceptron;
    if (asPerceptron) {
      const after = asPerceptron(...numbers)[0];
      const moved = after === perceptron ? "none" : signed(after - perceptron);
      write(byId("perceptron"), `${moved} (${shown(perceptron)} → ${shown(after)})`);
    }
    plot(name, predicted);
  }

  // The output along a leaf, all others as they were when the nudge began: it stays the same while the leaf is dragged.
  function curves(low, high) {
    const { leaf, from, curves: known } = nudge;
    if (known?.low === low && known.high === high) return known;
    const xs = Array.from({ length: 121 }, (_, i) => low + ((high - low) * i) / 120);
    const along = (program) => xs.map((x) => program(from.map((number, i) => (i === leaf ? x : number))));
    const curve = along((given) => compute(...given)[0][output]);
    const step = asPerceptron ? along((given) => asPerceptron(...given)[0]) : [];
    return (nudge.curves = { low, high, xs, curve, step });
  }

  function plot(name, predicted) {
    const { leaf, from, before, slope } = nudge;
    const [low, high] = range(leaf);
    const { xs, curve, step } = curves(low, high);
    const heights = [...curve, ...step, now.data[output]].filter(Number.isFinite);
    let [bottom, top] = [Math.min(...heights), Math.max(...heights)];
    const margin = (top - bottom || 1) * 0.08;
    [bottom, top] = [bottom - margin, top + margin];
    const px = (x) => 70 + (280 * (x - low)) / (high - low);
    const py = (y) => 188 - (178 * (y - bottom)) / (top - bottom);
    const path = (ys) => {
      let d = "";
      let pen = "M";
      xs.forEach((x, i) => {
        const drawn = ys[i] >= bottom && ys[i] <= top; // nan is not
        if (drawn) d += `${pen}${px(x).toFixed(1)},${py(ys[i]).toFixed(1)}`;
        pen = drawn ? "L" : "M";
      });
      return d;
    };
    const parts = [
      ["path", { class: "perceptron", d: path(step) }],
      ["path", { class: "curve", d: path(curve) }],
      ["path", { class: "tangent", d: path(xs.map((x) => before + slope * (x - from[leaf]))) }],
      ["circle", { cx: px(from[leaf]), cy: py(before), r: 5.5 }],
      ["rect", { x: px(numbers[leaf]) - 4.5, y: py(now.data[output]) - 4.5, width: 9, height: 9 }],
    ];
    byId("curves").replaceChildren(...parts.filter(drawable).map(([kind, attributes]) => drawn(kind, attributes)));
    const ticks = [
      [70, 203, "start", shown(low)],
      [350, 203, "end", shown(high)],
      [210, 216, "middle", name],
      [66, 20, "end", shown(top)],
      [66, 188, "end", shown(bottom)],
    ];
    byId("ticks").replaceChildren(
      ...ticks.map(([x, y, anchor, text]) => Object.assign(drawn("text", { x, y, "text-anchor": anchor }), { textContent: text })),
    );
    byId("plot").setAttribute(
      "aria-label",
      `The output against ${name}, from ${shown(low)} to ${shown(high)}; the tangent predicts ${shown(before + predicted)}, the output is ${shown(now.data[output])}`,
    );
  }

  const drawable = ([, attributes]) => Object.values(attributes).every((value) => typeof value === "string" || Number.isFinite(value));

  function drawn(kind, attributes) {
    const element = document.createElementNS(SVG, kind);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  // -- Together ---------------------------------------------------------------------------------------------------------

  function update() {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      showNumbers();
      showStep();
      showRows();
      showNudge();
    });
  }

  // A telephone shows no scroll bar until something is scrolled.
  new ResizeObserver(([{ target }]) => (byId("wide").hidden = target.scrollWidth <= target.clientWidth)).observe(byId("canvas"));

  adopt(byId("canvas"));
  list();
  fromAddress();
  update();
})();
