// Runs before the first paint, so that the page does not flash in the other theme.
(() => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const show = () => {
    let chosen = null;
    try {
      chosen = localStorage.getItem('kubewake.theme');
    } catch {
      // Storage is closed to us: the system's theme it is.
    }
    document.documentElement.dataset.theme = chosen === 'light' || chosen === 'dark' ? chosen : dark.matches ? 'dark' : 'light';
  };
  show();
  dark.addEventListener('change', show);
})();
