// What the modules of the page's script hand to each other. Those modules that import no other refer to this file.

// -- The recorded graph --

type JSONNumber = number | string; // an infinity or NaN is a text
/** With its inputs by their index, as in a Step. */
type Value = { name: string, data: number, constant: boolean, inputs: number[], operation: number | null,
  pattern: (string | { input: number, brackets: boolean })[] | null };
type ForwardStep = { value: number, input?: undefined, sentence: string, formula: string };
type BackwardStep = { value: number, input: number, operand: number, sentence: string, derivative: string,
  formula: string, played?: Played };
/** What a wrong way passes back: the gradients of the value and of its input before and after, and why it is the first
 *  wrong step. */
type Played = { upstream: number, before: number, after: number, wrong: string };
type Step = ForwardStep | BackwardStep;
type Neuron = { name: string, product: number, bias: number | null }; // whose product is w·x
type RecordedBox = { values: number[], input: boolean, neuron: Neuron | null }; // a value, or all values of a neuron
/** With the last of its values, whose numbers are shown, and of a neuron the weights and what each is multiplied by. */
type Box = RecordedBox & { id: string, shown: number, weights: number[], sources: number[] };
/** Of a network: its boxes by their place in the list, how many of them are drawn at a time, and whether they are the
 *  pixels of an image. */
type Column = { name: string, title: string, boxes: number[], most: number, image: boolean };
/** With the number of its forward steps, and with columns where the page draws it itself. */
type Recorded = { values: Value[], boxes: RecordedBox[], columns: Column[], steps: Step[], forward: number,
  beginning: string, code: Code | null, algorithms: WrongWay[] };
/** With the value and the operand of each edge, and the numbers that Played has. */
type WrongWay = { name: string, edges: [number, number, JSONNumber, JSONNumber, JSONNumber][], mistake: number,
  reason: string };
/** Of the function that was called, and for each time that a line ran what it made. */
type Code = { lines: string[], turns: { line: number, values: number[] }[] };

type Trace = (...leaves: number[]) => [number[], number[][], number[]]; // the three numbers of a Moment
type Program = (...leaves: number[]) => [number, number[]]; // the output comes first
/** Generated from the recorded graph and the table of rules: nothing else here knows a formula. */
type Programs = { compute: Trace, asPerceptron: Program | null, operations: (Program | null)[] };

/** With the place in the list of the box that each value is in. */
type Graph = Recorded & Programs & { boxes: Box[], output: number, leaves: number[], boxOf: Map<number, number> };
/** Each value's data, local derivatives and gradient, at some numbers of the leaves. */
type Moment = { data: number[], local: number[][], gradients: number[] };
type Known = { data: (number | null)[], local: number[][] | null, gradients: (number | null)[] };

// -- The page --

type Page = ReturnType<typeof import("./script/page.mjs").pageOf>;
type Curves = { low: number, high: number, xs: number[], curve: number[], step: number[] };
type Nudge = { leaf: number, start: Moment, curves?: Curves }; // the leaf that is moved, and what was given then
type Row = { element: HTMLElement, leaf: number, gradient: HTMLElement, slider: HTMLInputElement,
  exact: HTMLInputElement };
type Run = { first: number, last: number, name: string }; // of steps, from 1; without a name it is a single one
type Part = string | [string, string]; // a text, or one and its class
type Area = { left: number, top: number, right: number, bottom: number }; // in pixels of the window
type Layout = { picture: () => SVGElement, width: number, height: number, down: boolean };
type View = { x: number, y: number, scale: number }; // its corner, in units of the picture; pixels for such a unit
/** What has the colour of a number: edges, neurons and inputs, and images of weights with the numbers drawn last. */
type Painted = { lines: { element: Element, weight: number }[],
  rounds: { element: Element, box: Box, column: number }[],
  images: { element: Element, image: Image, weights: number[], drawn: string }[] };
/** The moment that Python gave or was asked for last, the leaves moved since it gave one, the question that it hasn't
 *  answered yet, or 0, and the timer after which that is said. */
type Python = { seen: Moment, moved: Set<number>, asked: number, waiting: number };

// -- A network's picture --

type Point = [number, number];
/** The boxes that stand in one place, its size and its middle, and of a neuron that is shown an image, where its
 *  weights are. */
type Thing = { kind: "image" | "rest" | "open" | "round" | "value", boxes: number[], width: number, height: number,
  x: number, y: number, column: number, radius: number, inside: Inside | null, image: Image | null };
type Image = { x: number, y: number, width: number }; // its middle
/** With the middle of each box, for each operand the points that its edge goes through, and the weights that are left
 *  out. */
type Inside = { width: number, height: number, boxes: Map<number, Point>, gates: Map<number, Point[]>,
  rest: Point | null, hidden: number[] };
type Scene = { width: number, height: number, things: Thing[], down: boolean, headings: Point[] };
type Spot = { in: Point, out: Point, open: boolean }; // with whether it is inside of an open neuron
/** The uses that it stands for, a value and which of its operands, the weight that colours it, where its local
 *  derivative is written, whether it leads into an open neuron or out of one, and whether it is one of too many for all
 *  to show that. */
type Edge = { uses: [number, number][], points: Point[], weight: number | null, label: Point | null, open: boolean,
  many: boolean };
