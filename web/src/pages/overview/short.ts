/** A change's summary in little room: paths by their ends, which tell most. Pure. */

/** "spec.template.spec.containers[name=main].image a → b" is "…containers[name=main].image a → b". */
export function shortChange(text: string): string {
  return text.replace(/(^|, )([+-]?)([A-Za-z][\w-]*(?:\[[^\]]*\])?(?:\.[\w/-]+(?:\[[^\]]*\])?){2,})(?= |,|$)/g, (_whole, before: string, sign: string, path: string) => {
    const parts = partsOf(path);
    return before + sign + (parts.length > 3 ? `…${parts.slice(-2).join('.')}` : path);
  });
}

/** The parts of a path; dots in brackets are none of its own. */
function partsOf(path: string): string[] {
  return path.match(/[^.[\]]+(?:\[[^\]]*\])?/g) ?? [path];
}
