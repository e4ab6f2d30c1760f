import { useEffect, useRef, useState } from 'react';
import { Button, Popover } from '../../parts';
import { onThemeChange, readPalette, stateNames, type StateName } from '../../theme/palette';
import { drawGlyph, drawBins, colourOf } from '../../timeline/draw_marks';
import { Assembled } from '../../timeline/assemble';
import { drawBars, drawUnknown, drawSteps } from '../../timeline/draw_lane';
import { AssembledDerived } from '../../timeline/assemble';
import { barsOf, type Shape } from '../../timeline/lanedata';
import { canvasPatterns, lookOf, measurer, type Look } from '../../timeline/look';
import { scaleOf } from '../../time/scale';

const stateTexts: Record<StateName, string> = {
  good: 'as it should be',
  progressing: 'on its way: starting, rolling out, scaling',
  bad: 'failing or stuck',
  done: 'finished, as a Job',
  there: 'there; it has no health of its own',
  deleting: 'marked for deletion',
  deleted: 'deleted',
  unknown: 'there, in a state that is not known',
};

const marks: [Shape, string][] = [
  ['create', 'created'],
  ['change', 'changed: an update or a patch'],
  ['noop', 'a request that changed nothing'],
  ['seen', 'a new state whose request is not known'],
  ['delete', 'deleted, or asked to be'],
  ['failed', 'a request that failed'],
  ['read', 'read: get, list, watch (when shown)'],
  ['normal', 'Event, Normal'],
  ['warning', 'Event, Warning'],
  ['span', 'a span of a trace that was received'],
];

/** A button that explains all that is drawn, with the same drawing. */
export function Legend() {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLSpanElement>(null);
  return (
    <span ref={button}>
      <Button small icon="help" aria-expanded={open} onClick={() => setOpen(!open)}>
        Legend
      </Button>
      {open && (
        <Popover anchor={button} label="What is drawn" onClose={() => setOpen(false)} align="end" className="timeline-legend">
          <LegendBody />
        </Popover>
      )}
    </span>
  );
}

function LegendBody() {
  return (
    <div className="timeline-legend-columns">
      <section>
        <h3>States, as bars</h3>
        {stateNames.map((state) => (
          <Line key={state} text={stateTexts[state]} draw={(context, look) => bar(context, look, state)} />
        ))}
        <Line text="its beginning is not known exactly" draw={soft} />
        <Line text="not seen: hover to read why" draw={hatch} />
        <Line text="a number, and what was wanted (dashed)" draw={steps} />
      </section>
      <section>
        <h3>Records, above the bars</h3>
        {marks.map(([shape, text]) => (
          <Line key={shape} text={text} draw={(context, look) => glyph(context, look, shape)} />
        ))}
        <Line text="many at once, counted: higher is more" draw={bins} />
        <h3>Lines</h3>
        <Line text="the cursor; click to move it" draw={(context, look) => stroke(context, look.palette.cursor)} />
      </section>
    </div>
  );
}

type Draw = (context: CanvasRenderingContext2D, look: Look) => void;
const width = 56;
const height = 24;

function Line({ text, draw }: { text: string; draw: Draw }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const paint = () => {
      const context = canvas.current?.getContext('2d');
      if (!context || !canvas.current) return;
      const ratio = Math.max(1, devicePixelRatio);
      canvas.current.width = width * ratio;
      canvas.current.height = height * ratio;
      context.scale(ratio, ratio);
      draw(context, lookOf(readPalette(), canvasPatterns(context, ratio), measurer(context)));
    };
    paint();
    return onThemeChange(paint);
  }, [draw]);
  return (
    <div className="timeline-legend-line">
      <canvas ref={canvas} style={{ width, height }} aria-hidden />
      <span>{text}</span>
    </div>
  );
}

const scale = scaleOf({ from: 0, to: width * 1000 }, width);

function bar(paint: CanvasRenderingContext2D, look: Look, state: string, early = 0): void {
  const lane = new Assembled();
  lane.bars.add(barsOf([{ from: 8000 + early, to: 50_000, state, ...(early ? { early: 2000 } : {}) }]), { from: 0, to: 60_000 });
  drawBars({ paint, look, scale, left: 0, end: 60_000 }, lane.bars, 6, 12);
}

const soft: Draw = (context, look) => bar(context, look, 'good', 18_000);
const hatch: Draw = (paint, look) => drawUnknown({ paint, look, scale, left: 0, end: 60_000 }, [{ from: 8000, to: 50_000, reason: '', sentence: '' }], 4, 16);

const steps: Draw = (paint, look) => {
  const derived = new AssembledDerived();
  derived.steps.push({ at: 6000, value: 1, wanted: 2 }, { at: 28_000, value: 2, wanted: 2 });
  derived.max = 2;
  drawSteps({ paint, look, scale, left: 0, end: 52_000 }, derived, 0, 24);
};

const bins: Draw = (paint, look) => {
  const lane = new Assembled();
  [3, 9, 30, 4, 1, 12, 60].forEach((changes, i) => {
    lane.binAt[i] = 10_000 + i * 5000;
    lane.binWidth[i] = 4000;
    lane.bin.push({ bin: i, changes, failed: i === 2 ? 4 : 0, warning: i === 6 ? 20 : 0 });
    lane.bins++;
  });
  drawBins({ paint, look, scale, left: 0, end: 60_000 }, lane, 7);
};

function glyph(paint: CanvasRenderingContext2D, look: Look, shape: Shape): void {
  paint.fillStyle = paint.strokeStyle = colourOf(look.palette, shape);
  drawGlyph(paint, look, shape, width / 2, 12, 24);
}

function stroke(paint: CanvasRenderingContext2D, colour: string): void {
  paint.fillStyle = colour;
  paint.fillRect(width / 2, 2, 1.5, 20);
}
