import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const here = dirname(fileURLToPath(import.meta.url));
const answers = join(here, '../../testdata/answers');

/** The types of the answers that the server's own tests keep there, by the question that they answer. */
const types: Record<string, string> = {
  info: 'Info', objects: 'Objects', history: 'History', state: 'State', diff: 'Diff', blame: 'Blame', links: 'Links', tree: 'Tree', trace: 'Trace',
  services: 'Services', search: '{ hits: types.Hit[]; end: types.SearchEnd }', coverage: 'Coverage', fields: 'Fields', rows: 'Rows', lanes: 'Lanes', entry: 'OneEntry',
  activity: 'Activity', failing: 'Failing',
};

// Each answer becomes the text of a program that gives it to its type, which the compiler then checks, down to words like "deleting" and to members
// that the type does not know.
it('takes every answer of the server for what its type says', { timeout: 60_000 }, () => {
  const questions = JSON.parse(readFileSync(join(answers, 'questions.json'), 'utf8')) as Record<string, string>;
  const texts = new Map<string, string>();
  for (const [name, target] of Object.entries(questions)) {
    const type = types[target.split('?')[0] ?? ''];
    if (!type) continue; // this page does not ask it
    const answer = readFileSync(join(answers, `${name}.json`), 'utf8');
    const typed = type.startsWith('{') ? type : `types.${type}`;
    texts.set(join(here, `answer-${name}.ts`), `import type * as types from './types';\nexport const answer: ${typed} = ${answer};\n`);
  }
  expect(texts.size).toBeGreaterThan(20);
  const options: ts.CompilerOptions = {
    strict: true, noEmit: true, exactOptionalPropertyTypes: true, types: [], target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler, skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  const program = ts.createProgram([...texts.keys()], options, host);
  const wrong = ts.getPreEmitDiagnostics(program).map((d) => {
    const line = d.file ? d.file.getLineAndCharacterOfPosition(d.start ?? 0).line : 0;
    return `${d.file?.fileName.replace(here, '') ?? ''}:${line}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`;
  });
  expect(wrong).toEqual([]);
});
