import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Folders of src by floor: imports fall only, and folders of one floor do not import each other. */
const floors = [
  ['time', 'theme', 'text'],
  ['api', 'url'],
  ['timeline', 'gantt', 'layout', 'charts', 'manifest'],
  ['parts'],
  ['copy'],
  ['detail'],
  ['pages'],
  ['app'],
];

/** One block for each folder: what it may not import. */
const directions = floors.flatMap((folders, floor) =>
  folders.map((folder) => {
    const above = [...floors.slice(floor + 1).flat(), ...folders.filter((f) => f !== folder)];
    const patterns = above.map((f) => ({ group: [`**/${f}/**`, `**/${f}`], message: `${folder} lies below ${f}: imports fall only.` }));
    const noReact = ['timeline', 'gantt', 'layout', 'time', 'text', 'theme'].includes(folder);
    return {
      files: [`src/${folder}/**/*.{ts,tsx}`],
      rules: {
        'no-restricted-imports': [
          'error',
          { patterns, paths: noReact ? ['react', 'react-dom'].map((name) => ({ name, message: `${folder} is drawn without React.` })) : [] },
        ],
      },
    };
  }),
);

const pages = ['overview', 'timeline', 'trace', 'object', 'graph', 'search', 'coverage'];
const pageDirections = pages.map((page) => ({
  files: [`src/pages/${page}/**/*.{ts,tsx}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: ['**/app/**'], message: 'Pages lie below app: imports fall only.' },
          { group: pages.filter((p) => p !== page).flatMap((p) => [`../${p}/*`, `../${p}`]), message: 'Pages do not import each other.' },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'scripts', 'public', 'eslint.config.js', 'vite.config.ts'] },
  ...tseslint.configs.strict,
  reactHooks.configs.flat['recommended-latest'] ?? reactHooks.configs.flat.recommended,
  {
    files: ['src/**/*.{ts,tsx}', 'e2e/**/*.ts'],
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 150, skipComments: true, skipBlankLines: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  { files: ['**/*.test.{ts,tsx}', 'e2e/**/*.ts'], rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' } },
  ...directions,
  ...pageDirections,
);
