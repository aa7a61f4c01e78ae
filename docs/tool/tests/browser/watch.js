'use strict';
// First in each page: notes every error.
window.problems = [];
window.addEventListener('error', event => {
  window.problems.push(`error: ${event.message ?? event.target.outerHTML}`);
}, true);
window.addEventListener('unhandledrejection', event => window.problems.push(`rejected: ${event.reason}`));
console.error = (...said) => window.problems.push(`console: ${said.join(' ')}`);
