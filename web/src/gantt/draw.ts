import { hatch } from '../theme/shapes';
import { formatSpan } from '../time/format';
import { rulerOf } from '../time/ruler';
import { xOf } from '../time/scale';
import { signNumber, textOf } from './attrs';
import { fitted, widthOf, type Sheet } from './canvas';
import { columnsOf } from './columns';
import { drawSign, line } from './marks';
import { gutter, rowHeight, seenRows, serviceColor, type Scene } from './scene';
import { eventAt, roles } from './spans';

const barHeight = 12;
const alertSign = signNumber('warning');
/** Marks nearer than this are drawn as one. */
const markGap = 4;

/** Draws the rows that are seen. */
export function drawRows(sheet: Sheet, scene: Scene): void {
  const { ctx, width, height } = sheet;
  const { palette, rows } = scene;
  const { first, last } = seenRows(scene);
  ctx.fillStyle = palette.raised;
  ctx.fillRect(0, 0, width, height);
  for (let row = first; row <= last; row++) drawGround(sheet, scene, row);
  drawGrid(sheet, scene);
  if (scene.path.length > 0) drawPathLinks(sheet, scene);
  for (let row = first; row <= last; row++) drawRow(sheet, scene, rows[row] ?? 0, row * rowHeight - scene.top);
  if (scene.path.length > 0) drawPath(sheet, scene);
  for (const arrow of scene.arrows) drawArrow(sheet, scene, arrow.from, arrow.to);
  drawCursor(sheet, scene);
}

function drawGround({ ctx, width }: Sheet, scene: Scene, row: number): void {
  const { palette, rows, hover, selected, spans } = scene;
  const span = rows[row] ?? 0;
  const y = row * rowHeight - scene.top;
  if (selected?.span === span) ctx.fillStyle = palette.selected;
  else if (hover?.row === row) ctx.fillStyle = palette.hover;
  else if (scene.matches.has(span)) ctx.fillStyle = `color-mix(in srgb, ${palette.warning} 16%, ${palette.raised})`;
  else ctx.fillStyle = '';
  if (selected?.span === span || hover?.row === row || scene.matches.has(span)) ctx.fillRect(0, y, width, rowHeight);
  const service = spans.services[spans.service[span] ?? 0] ?? '';
  for (const gap of scene.unknown) {
    if (gap.resource && gap.resource !== service) continue;
    const from = Math.max(0, xOf(scene.scale, gap.from));
    hatch(ctx, { x: from, y, width: Math.min(width, xOf(scene.scale, gap.to)) - from, height: rowHeight }, palette.line);
  }
}

function drawGrid({ ctx, height }: Sheet, scene: Scene): void {
  ctx.fillStyle = scene.palette.line;
  for (const tick of rulerOf(scene.scale, scene.zone).ticks) ctx.fillRect(Math.round(xOf(scene.scale, tick.at)), 0, 1, height);
}

function drawRow(sheet: Sheet, scene: Scene, span: number, y: number): void {
  if (scene.spans.role[span] === roles.record) drawRecord(sheet, scene, span, y);
  else drawObject(sheet, scene, span, y);
}

/** An object, or a group of its records: a bar with a mark for each event on it. */
function drawObject(sheet: Sheet, scene: Scene, span: number, y: number): void {
  const { ctx, width } = sheet;
  const { spans, palette, scale } = scene;
  const x1 = xOf(scale, spans.start[span] ?? 0);
  const x2 = Math.max(x1 + 2, xOf(scale, spans.end[span] ?? 0));
  const middle = y + rowHeight / 2;
  const columns = columnsOf(spans, scene.alerts, span, scale, markGap, scene.columns);
  if (x2 < 0 || x1 > width) return drawAway(sheet, scene, x2 < 0, middle);
  const left = Math.max(-2, x1);
  const right = Math.min(width + 2, x2);
  const color = serviceColor(scene, span);
  const group = spans.role[span] === roles.group;
  const top = middle - barHeight / 2;
  ctx.globalAlpha = group ? 0.14 : 0.26;
  ctx.fillStyle = color;
  ctx.fillRect(left, top, right - left, barHeight);
  ctx.globalAlpha = 1;
  ctx.fillRect(left, top + barHeight - 2, right - left, group ? 1 : 2);
  drawEnds(sheet, scene, span, x1, x2, middle, color);
  for (const c of columns) if (c.sign < alertSign) drawSign(ctx, palette, c.sign, c.x, middle, c.count > 3);
  drawMarkNames(sheet, scene, span, middle, right);
  for (const c of columns) if (c.sign >= alertSign) drawSign(ctx, palette, c.sign, c.x, middle);
  drawChosen(sheet, scene, span, middle);
  drawBeside(sheet, scene, x1, right, middle, formatSpan((spans.end[span] ?? 0) - (spans.start[span] ?? 0)));
}

/** A life that begins or ends is closed; one that goes on beyond what is recorded is open. */
function drawEnds({ ctx }: Sheet, scene: Scene, span: number, x1: number, x2: number, middle: number, color: string): void {
  const attrs = scene.spans.of[span]?.attrs;
  if (scene.spans.role[span] !== roles.object) return;
  ctx.fillStyle = ctx.strokeStyle = color;
  const created = textOf(attrs, 'created');
  if (created && Date.parse(created) * 1000 >= (scene.spans.start[span] ?? 0) - 1_500_000) ctx.fillRect(Math.round(x1) - 1, middle - 8, 2, 16);
  if (textOf(attrs, 'ended')) ctx.fillRect(Math.round(x2) - 1, middle - 8, 2, 16);
  else {
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.moveTo(x2 + 1, middle - 5);
    ctx.lineTo(x2 + 5, middle);
    ctx.lineTo(x2 + 1, middle + 5);
    ctx.stroke();
  }
}

/** The names of events, where there is room until the next one. */
function drawMarkNames({ ctx }: Sheet, scene: Scene, span: number, middle: number, right: number): void {
  const { columns, palette, spans } = scene;
  if (columns.length > 80) return;
  ctx.font = `10px ${palette.font}`;
  ctx.textBaseline = 'middle';
  ctx.fillStyle = palette.text;
  columns.forEach((c, i) => {
    const room = (columns[i + 1]?.x ?? right) - c.x - 14;
    if (room < 30 || c.x < -200) return;
    const name = (eventAt(spans, span, c.event)?.name ?? '') + (c.count > 1 ? ` +${c.count - 1}` : '');
    if (widthOf(ctx, name) <= room) ctx.fillText(name, c.x + 7, middle + 0.5);
  });
}

/** A record: as long as it took, with its sign before it where that is too short to be seen. */
function drawRecord(sheet: Sheet, scene: Scene, span: number, y: number): void {
  const { ctx, width } = sheet;
  const { spans, palette, scale } = scene;
  const took = (spans.end[span] ?? 0) - (spans.start[span] ?? 0);
  const x1 = xOf(scale, spans.start[span] ?? 0);
  const x2 = xOf(scale, spans.end[span] ?? 0);
  const middle = y + rowHeight / 2;
  if (x2 < -4 || x1 > width + 4) return drawAway(sheet, scene, x2 < 0, middle);
  const wide = x2 - x1 >= 5;
  const right = Math.min(width, Math.max(x2, x1 + 4));
  if (wide) {
    ctx.fillStyle = spans.failed[span] ? palette.failed : serviceColor(scene, span);
    ctx.globalAlpha = 0.6;
    ctx.fillRect(Math.max(-2, x1), middle - 5, right - Math.max(-2, x1), 10);
    ctx.globalAlpha = 1;
  }
  if (!wide || spans.failed[span]) drawSign(ctx, palette, spans.sign[span] ?? 0, x1, middle);
  const attrs = spans.of[span]?.attrs;
  const told = [took > 0 ? formatSpan(took) : '', shortUser(textOf(attrs, 'user')), textOf(attrs, 'summary') || spans.of[span]?.status || ''];
  drawChosen(sheet, scene, span, middle);
  drawBeside(sheet, scene, x1, right, middle, told.filter(Boolean).join('  ·  '));
}

function shortUser(user: string): string {
  return user.slice(user.lastIndexOf(':') + 1);
}

/** What is told beside a bar: behind it, or before it where there is more room. */
function drawBeside({ ctx, width }: Sheet, scene: Scene, left: number, right: number, middle: number, text: string): void {
  ctx.font = `11px ${scene.palette.font}`;
  ctx.textBaseline = 'middle';
  ctx.fillStyle = scene.palette.textDim;
  const behind = width - right - 18;
  const before = left - 18 - gutter;
  const all = widthOf(ctx, text);
  if (all <= behind || behind >= before) ctx.fillText(fitted(ctx, text, behind), right + 10, middle + 0.5);
  else {
    const cut = fitted(ctx, text, before);
    ctx.fillText(cut, left - 8 - widthOf(ctx, cut), middle + 0.5);
  }
}

/** Says at the edge that a row's bar lies outside of what is shown. */
function drawAway({ ctx, width }: Sheet, scene: Scene, before: boolean, middle: number): void {
  ctx.fillStyle = scene.palette.textFaint;
  ctx.font = `11px ${scene.palette.font}`;
  ctx.textBaseline = 'middle';
  ctx.fillText(before ? '‹' : '›', before ? 4 : width - 9, middle);
}

function drawChosen({ ctx }: Sheet, scene: Scene, span: number, middle: number): void {
  const { selected, hover, spans, scale, palette } = scene;
  for (const pick of [hover, selected]) {
    if (pick?.span !== span || pick.event < 0) continue;
    const x = xOf(scale, spans.eventAt[pick.event] ?? 0);
    ctx.strokeStyle = pick === selected ? palette.focus : palette.textDim;
    ctx.lineWidth = pick === selected ? 2 : 1;
    ctx.beginPath();
    ctx.arc(x, middle, 8, 0, 7);
    ctx.stroke();
  }
}

/** The critical path, below the bars that it goes along. */
function drawPath({ ctx, width, height }: Sheet, scene: Scene): void {
  ctx.fillStyle = scene.palette.text;
  for (const stretch of scene.path) {
    const y = pathY(scene, stretch.span);
    const x1 = Math.max(0, xOf(scene.scale, stretch.from));
    const x2 = Math.min(width, xOf(scene.scale, stretch.to));
    if (y > -5 && y < height + 5 && x2 >= 0 && x1 <= width) ctx.fillRect(x1, y - 1, Math.max(1.5, x2 - x1), 3);
  }
}

/** More rows than this between two stretches are not bridged by a line, only begun at both ends: it would run through everything between. */
const bridged = 8;

/** Where the critical path goes on in another row. */
function drawPathLinks({ ctx, width, height }: Sheet, scene: Scene): void {
  ctx.strokeStyle = scene.palette.textFaint;
  ctx.lineWidth = 1;
  let before: number | undefined;
  for (const stretch of scene.path) {
    const y = pathY(scene, stretch.span);
    const from = before;
    before = y;
    const x = Math.round(xOf(scene.scale, stretch.from)) + 0.5;
    if (from === undefined || from === y || x < 0 || x > width || Math.max(from, y) < 0 || Math.min(from, y) > height) continue;
    if (Math.abs(from - y) <= bridged * rowHeight) {
      line(ctx, x, from, x, y);
      continue;
    }
    const stub = y > from ? 8 : -8;
    line(ctx, x, from, x, from + stub);
    line(ctx, x, y - stub, x, y);
  }
}

function pathY(scene: Scene, span: number): number {
  return (scene.rowOf[span] ?? -1) * rowHeight - scene.top + rowHeight - 3;
}

function drawArrow({ ctx, width, height }: Sheet, scene: Scene, from: number, to: number): void {
  const [a, b] = [scene.rowOf[from] ?? -1, scene.rowOf[to] ?? -1];
  if (a < 0 || b < 0 || a === b) return;
  const [y1, y2] = [a, b].map((row) => row * rowHeight - scene.top + rowHeight / 2) as [number, number];
  if (Math.max(y1, y2) < -20 || Math.min(y1, y2) > height + 20) return;
  const at = (span: number) => Math.min(width - 4, Math.max(gutter - 4, xOf(scene.scale, scene.spans.start[span] ?? 0)));
  const [x1, x2] = [at(from), at(to)];
  const side = Math.max(4, Math.min(x1, x2) - 16);
  ctx.strokeStyle = ctx.fillStyle = scene.palette.accent;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  ctx.moveTo(x1 - 2, y1);
  ctx.bezierCurveTo(side, y1, side, y2, x2 - 7, y2);
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(x2 - 2, y2);
  ctx.lineTo(x2 - 8, y2 - 4);
  ctx.lineTo(x2 - 8, y2 + 4);
  ctx.fill();
}

function drawCursor({ ctx, width, height }: Sheet, scene: Scene): void {
  if (scene.brush) {
    ctx.globalAlpha = 0.15;
    ctx.fillStyle = scene.palette.accent;
    const x = xOf(scene.scale, scene.brush.from);
    ctx.fillRect(x, 0, xOf(scene.scale, scene.brush.to) - x, height);
    ctx.globalAlpha = 1;
  }
  if (scene.hover && scene.hoverX >= 0) {
    ctx.fillStyle = scene.palette.lineStrong;
    ctx.fillRect(Math.round(scene.hoverX), 0, 1, height);
  }
  if (scene.cursor === undefined) return;
  const x = xOf(scene.scale, scene.cursor);
  if (x < 0 || x > width) return;
  ctx.fillStyle = scene.palette.cursor;
  ctx.fillRect(Math.round(x) - 0.5, 0, 1.5, height);
}
