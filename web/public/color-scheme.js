// Runs before the first paint, so that the page never flashes in the wrong scheme. A file of its own, because the server's
// content security policy forbids inline scripts.
(function () {
  var stored = null;
  try {
    stored = window.localStorage.getItem('color-scheme');
  } catch {
    stored = null;
  }
  var dark = stored === 'dark' || (stored !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
